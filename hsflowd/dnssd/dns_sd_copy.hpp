// The last good answer of DNS-SD, saved on disk for a start while DNS does not respond.
#pragma once

#include "common/result.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::dnssd {

inline constexpr const char* kStateDir = "/var/lib/hsflowd";
inline constexpr const char* kDnsSdCopyName = "dns-sd.json"; // in the state directory

struct DnsSdCopy {
  DnsSdAnswer answer;
  std::chrono::sys_seconds answered_at; // wall clock: the copy survives a reboot

  bool operator==(const DnsSdCopy&) const = default;
};

[[nodiscard]] std::string format_dns_sd_copy(const DnsSdCopy& copy);

// Any difference from what format_dns_sd_copy writes is an error.
[[nodiscard]] Result<DnsSdCopy> parse_dns_sd_copy(std::string_view text);

// nullopt if the file does not exist. The error names the file.
[[nodiscard]] Result<std::optional<DnsSdCopy>> read_dns_sd_copy(const std::filesystem::path& path);

} // namespace sfa::dnssd
