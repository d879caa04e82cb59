// What the command line and the service manager pass to the daemon.
#pragma once

#include "dnssd/dns_sd_copy.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace sfa::daemon {

inline constexpr const char* kRunDir = "/run/hsflowd";
inline constexpr const char* kPortsFile = "/run/sflowovsd/ports.json";

struct DaemonOptions {
  std::filesystem::path config_file = "/etc/hsflowd.conf";
  std::filesystem::path shared_file; // hsflowd.auto
  std::filesystem::path run_dir = kRunDir;
  std::filesystem::path ports_file = kPortsFile;
  std::filesystem::path state_dir = dnssd::kStateDir;
  std::optional<std::filesystem::path> pid_file;
  std::string user;              // to become: NAME or NAME:GROUP; empty = stay what it is
  std::string keep_capabilities; // while becoming that user (parse_capabilities())
  std::string uuid;       // of the host; if empty, the configured one is used, or else a discovered one
  std::string machine_id; // to derive a UUID from if the host has no other
};

} // namespace sfa::daemon
