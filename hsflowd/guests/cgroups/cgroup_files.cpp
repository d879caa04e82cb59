#include "guests/cgroups/cgroup_files.hpp"

#include "common/text.hpp"

#include <array>
#include <utility>

namespace sfa::guests {

namespace {

// The value of a key in a "flat keyed" file: a line of KEY VALUE for each. nullopt if it has none.
std::optional<std::uint64_t> flat_value(std::string_view text, std::string_view key) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    if (end == std::string_view::npos) {
      return std::nullopt; // torn: the number may go on
    }
    const auto line = text.substr(begin, end - begin);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return parse_number<std::uint64_t>(line.substr(key.size() + 1));
    }
    begin = end + 1;
  }
  return std::nullopt;
}

Result<std::uint64_t> required(std::string_view text, std::string_view key) {
  const auto value = flat_value(text, key);
  if (!value) {
    return failure("no number {}", key);
  }
  return *value;
}

// "8:0"
bool is_device(std::string_view word) {
  const auto colon = word.find(':');
  return colon != std::string_view::npos && parse_number<std::uint32_t>(word.substr(0, colon)) &&
         parse_number<std::uint32_t>(word.substr(colon + 1));
}

// Takes KEY=VALUE. Keys that the structure does not have, such as dbytes or cost.usage, are skipped.
bool take_disk_value(std::string_view word, VmDiskCounters& disk) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t VmDiskCounters::*>, 4> kKeys{
      {{"rbytes", &VmDiskCounters::rd_bytes},
       {"wbytes", &VmDiskCounters::wr_bytes},
       {"rios", &VmDiskCounters::rd_req},
       {"wios", &VmDiskCounters::wr_req}}};
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) {
    return false;
  }
  for (const auto& [key, member] : kKeys) {
    if (word.substr(0, equals) == key) {
      const auto value = parse_number<std::uint64_t>(word.substr(equals + 1));
      disk.*member = value.value_or(0);
      return value.has_value();
    }
  }
  return true;
}

} // namespace

Result<CgroupEvents> parse_cgroup_events(std::string_view text) {
  const auto populated = required(text, "populated");
  if (!populated) {
    return error_of(populated);
  }
  // Linux before 5.2 cannot freeze a group.
  return CgroupEvents{.populated = *populated == 1, .frozen = flat_value(text, "frozen").value_or(0) == 1};
}

Result<std::uint64_t> parse_cpu_usage(std::string_view text) {
  constexpr std::uint64_t kNanosecondsPerMicrosecond = 1000;
  return required(text, "usage_usec").map([](std::uint64_t usage) {
    return usage * kNanosecondsPerMicrosecond;
  });
}

Result<std::optional<std::uint32_t>> parse_cpu_max(std::string_view text) {
  const auto words = split(text);
  if (words.size() == 2 && words[0] == "max") {
    return std::nullopt;
  }
  const auto quota = words.size() == 2 ? parse_number<std::uint32_t>(words[0]) : std::nullopt;
  const auto period = words.size() == 2 ? parse_number<std::uint32_t>(words[1]) : std::nullopt;
  if (!quota || !period || *period == 0) {
    return failure("'{}' is not a quota and a period", printable(trim(text)));
  }
  return *quota / *period + (*quota % *period == 0 ? 0 : 1);
}

Result<std::uint32_t> parse_cpu_count(std::string_view text) {
  constexpr std::uint32_t kMost = 1U << 16U;
  std::uint32_t count = 0;
  for (const auto range : split(trim(text), ",")) {
    const auto dash = range.find('-');
    const auto first = parse_number<std::uint32_t>(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_number<std::uint32_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMost) {
      return failure("'{}' is not a list of CPUs", printable(trim(text)));
    }
    count += *last - *first + 1;
    if (count > kMost) {
      return failure("more than {} CPUs", kMost);
    }
  }
  return count;
}

Result<std::optional<std::uint64_t>> parse_memory_bytes(std::string_view text) {
  const auto word = trim(text);
  if (word == "max") {
    return std::nullopt;
  }
  const auto bytes = parse_number<std::uint64_t>(word);
  if (!bytes) {
    return failure("'{}' is not a number of bytes", printable(word));
  }
  return *bytes;
}

Result<std::uint64_t> parse_inactive_file(std::string_view text) {
  return required(text, "inactive_file");
}

Result<CgroupDisks> parse_io_stat(std::string_view text) {
  CgroupDisks disks;
  for (const auto line : lines(text)) {
    std::string_view device;
    for (const auto word : split(line)) {
      if (is_device(word)) {
        device = word;
      } else if (device.empty() || !take_disk_value(word, disks[std::string(device)])) {
        return failure("'{}' is not a counter of a device", printable(word));
      }
    }
  }
  return disks;
}

} // namespace sfa::guests
