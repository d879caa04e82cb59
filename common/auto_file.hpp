// hsflowd.auto: the file through which hsflowd tells other programs on the host what it resolved
// (docs/auto-file.md). sflowovsd reads it, and so do sub-agents in web servers and JVMs, so its form is a
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
  std::uint32_t revision = 0; // from 1, one more with each change
  Settings settings;

  bool operator==(const AutoFile&) const = default;
};

[[nodiscard]] std::string format_auto_file(const AutoFile& file);

// A file is whole when rev_start is its first key, rev_end its last, and both have the same number. Keys that
// are not known are skipped. Errors name the line: "line 7: sampling: ...". Also takes files of the older
// agent, which leave out every key while monitoring is off.
[[nodiscard]] Result<AutoFile> parse_auto_file(std::string_view text);

// Nothing when there is no such file. Errors name the file as well.
[[nodiscard]] Result<std::optional<AutoFile>> read_auto_file(const std::filesystem::path& path);

} // namespace sfa
