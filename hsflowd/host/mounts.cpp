#include "host/mounts.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sfa::host {

namespace {

// proc(5): space, tab, newline and backslash are written as a backslash and three octal digits.
std::string unescaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto byte =
        text[0] == '\\' && text.size() > 3 ? parse_number<std::uint8_t>(text.substr(1, 3), 8) : std::nullopt;
    result += byte ? static_cast<char>(*byte) : text[0];
    text.remove_prefix(byte ? 4 : 1);
  }
  return result;
}

bool has_option(std::string_view options, std::string_view option) {
  const auto all = split(options, ",");
  return std::ranges::find(all, option) != all.end();
}

// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS
Result<Mount> parse_mount(std::string_view line) {
  const auto words = split(line);
  const auto separator =
      std::find(words.begin() + std::min<std::ptrdiff_t>(6, std::ssize(words)), words.end(), "-");
  // The kernel leaves out an empty SOURCE, so the options are the last word rather than the third one.
  if (words.end() - separator < 3) {
    return failure("'{}' is not a mount", printable(line));
  }
  return Mount{.device = std::string(words[2]),
               .point = unescaped(words[4]),
               .type = std::string(separator[1]),
               .writable = has_option(words.back(), "rw")};
}

bool is_loop_device(std::string_view device) {
  return device.starts_with("7:"); // the kernel's admin-guide/devices.txt
}

// A sum that does not fit into 64 bits stays at the largest value.
void add(DiskSpace& sum, const SysRoot::Space& space) {
  const auto total = sum.total + space.total;
  sum.total = total < sum.total ? std::numeric_limits<std::uint64_t>::max() : total;
  const auto available = sum.available + space.available;
  sum.available = available < sum.available ? std::numeric_limits<std::uint64_t>::max() : available;
  const std::uint64_t used = space.total - std::min(space.free, space.total);
  const double usable = static_cast<double>(used) + static_cast<double>(space.available);
  if (usable > 0) {
    const auto percent_x_100 =
        static_cast<std::uint32_t>(std::lround(10000.0 * static_cast<double>(used) / usable));
    sum.max_used = std::max(sum.max_used, percent_x_100);
  }
}

} // namespace

Result<std::vector<Mount>> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  for (const auto line : lines(text)) {
    auto mount = parse_mount(line);
    if (!mount) {
      return error_of(mount);
    }
    mounts.push_back(std::move(*mount));
  }
  return mounts;
}

Result<std::set<std::string>> parse_block_file_systems(std::string_view text) {
  std::set<std::string> types;
  for (const auto line : lines(text)) {
    const auto words = split(line);
    if (words.size() == 1) {
      types.emplace(words[0]);
    } else if (words.size() != 2 || words[0] != "nodev") {
      return failure("'{}' is not a type of file system", printable(line));
    }
  }
  return types;
}

Result<DiskSpace> read_disk_space(const SysRoot& root) {
  const auto types = parse_file(root, "proc/filesystems", parse_block_file_systems);
  if (!types) {
    return error_of(types);
  }
  const auto mounts = parse_file(root, "proc/self/mountinfo", parse_mountinfo);
  if (!mounts) {
    return error_of(mounts);
  }
  DiskSpace sum;
  std::set<std::string> counted;
  for (const Mount& mount : mounts->value_or(std::vector<Mount>{})) {
    const bool on_block_device = *types && (*types)->contains(mount.type) && !is_loop_device(mount.device);
    if (!mount.writable || !on_block_device || counted.contains(mount.device)) {
      continue;
    }
    if (const auto space = root.space(mount.point)) {
      counted.insert(mount.device);
      add(sum, *space);
    }
  }
  return sum;
}

} // namespace sfa::host
