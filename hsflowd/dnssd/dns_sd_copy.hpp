// The last good answer of DNS-SD on disk, for a start while DNS does not answer.
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
  std::chrono::sys_seconds answered_at; // by the wall clock: it outlives a boot

  bool operator==(const DnsSdCopy&) const = default;
};

[[nodiscard]] std::string format_dns_sd_copy(const DnsSdCopy& copy);

// What is not exactly as format_dns_sd_copy writes it is an error.
[[nodiscard]] Result<DnsSdCopy> parse_dns_sd_copy(std::string_view text);

// Nothing when there is no such file. The error names the file.
[[nodiscard]] Result<std::optional<DnsSdCopy>> read_dns_sd_copy(const std::filesystem::path& path);

// Makes the directory if it is not there.
[[nodiscard]] Result<void> write_dns_sd_copy(const std::filesystem::path& path, const DnsSdCopy& copy);

} // namespace sfa::dnssd
