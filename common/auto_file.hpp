// hsflowd.auto: the file in which hsflowd publishes the resolved settings for other programs on the host
// (docs/auto-file.md). sflowovsd reads it, and so do sub-agents in web servers and JVMs, so its format is a
// contract.
#pragma once

#include "common/result.hpp"
#include "common/settings.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sfa {

inline constexpr const char* kAutoFilePath = "/run/hsflowd/hsflowd.auto";

struct AutoFile {
  std::uint32_t revision = 0; // starts at 1, incremented by each change
  Settings settings;

  bool operator==(const AutoFile&) const = default;
};

[[nodiscard]] std::string format_auto_file(const AutoFile& file);

// A file is complete if its first key is rev_start, its last is rev_end, and both have the same number.
// Unknown keys are skipped. Errors name the line: "line 7: sampling: ...". Also accepts files of host-sflow,
// which have no other key while monitoring is off.
[[nodiscard]] Result<AutoFile> parse_auto_file(std::string_view text);

// nullopt if the file does not exist. Errors name the file as well.
[[nodiscard]] Result<std::optional<AutoFile>> read_auto_file(const std::filesystem::path& path);

} // namespace sfa
