// The daemon: keeps the settings in force equal to what the configuration and the host's addresses say,
// publishes them and hands them to the agent.
#pragma once

#include "common/auto_file.hpp"
#include "common/event_loop.hpp"
#include "config/config.hpp"
#include "config/host_addresses.hpp"
#include "hsflowd/agent.hpp"
#include "sources/registry.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sfa {

struct DaemonOptions {
  std::filesystem::path config_file = "/etc/hsflowd.conf";
  std::filesystem::path shared_file = kAutoFilePath;
  std::optional<std::filesystem::path> pid_file;
  std::string uuid;       // of the host; empty = the configuration's, else found
  std::string machine_id; // to derive a UUID from when there is no other
};

// Nothing when the file has an error; what is wrong with it goes to the log.
[[nodiscard]] std::optional<Config> load_config_and_log(const std::filesystem::path& path);

class Daemon {
public:
  // Throws when it cannot start. Exports from the first turn of the loop on.
  Daemon(EventLoop& loop, DaemonOptions options, Config config);

private:
  void reload();
  void update();
  void publish(const Settings& settings);

  EventLoop& loop_;
  DaemonOptions options_;
  Config config_;
  HostIdentity identity_;
  std::optional<Settings> settings_; // in force
  std::uint32_t revision_ = 0;       // of the shared file
  LoggedState publishing_{"shared file"};
  LoggedState addressing_{"agent address"};
  LoggedState resolving_{"collectors"};
  Agent agent_;
  Timer publish_again_;
  HostAddressWatch address_watch_;
  EventSource terminate_, interrupt_, hangup_;
};

} // namespace sfa
