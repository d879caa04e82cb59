#include "guests/cgroups/cgroup.hpp"

#include <utility>

namespace sfa::guests {

namespace {

// The parsed file; nullopt if it is absent or malformed. The shorter ones are read at one stroke, because
// this is done for each guest at each poll.
enum class Length { one_read, any };
template <class Parse>
auto take(const host::SysRoot& root, const std::string& path, Length length, Parse parse,
          std::string& problem) {
  const auto text = length == Length::one_read ? root.first_lines(path) : root.read(path);
  auto parsed = parse_text(text, path, parse);
  if (!parsed && problem.empty()) {
    problem = parsed.error().message;
  }
  return parsed ? std::move(*parsed) : std::nullopt;
}

} // namespace

std::string find_cgroup2(const host::SysRoot& root) {
  for (const auto* directory : {"sys/fs/cgroup", "sys/fs/cgroup/unified"}) {
    if (root.exists(std::string(directory) + "/cgroup.controllers")) {
      return directory;
    }
  }
  return {};
}

std::optional<CgroupReading> read_cgroup(const host::SysRoot& root, const std::string& directory) {
  CgroupReading reading;
  const auto events =
      take(root, directory + "/cgroup.events", Length::one_read, parse_cgroup_events, reading.problem);
  if (reading.problem.empty() && (!events || !events->populated)) {
    return std::nullopt;
  }
  reading.events = events.value_or(CgroupEvents{.populated = true, .frozen = false});
  reading.cpu_ns = take(root, directory + "/cpu.stat", Length::one_read, parse_cpu_usage, reading.problem);
  const auto current =
      take(root, directory + "/memory.current", Length::one_read, parse_memory_bytes, reading.problem);
  if (current && *current) {
    if (const auto cache =
            take(root, directory + "/memory.stat", Length::any, parse_inactive_file, reading.problem)) {
      // The two files are not read at the same time.
      reading.memory = **current - std::min(**current, *cache);
    }
  }
  reading.disks = take(root, directory + "/io.stat", Length::any, parse_io_stat, reading.problem);
  return reading;
}

std::uint32_t read_cpu_limit(const host::SysRoot& root, const std::string& directory) {
  std::string problem; // another file answers
  if (const auto quota = take(root, directory + "/cpu.max", Length::one_read, parse_cpu_max, problem);
      quota && *quota) {
    return **quota;
  }
  if (const auto set =
          take(root, directory + "/cpuset.cpus.effective", Length::any, parse_cpu_count, problem)) {
    return *set;
  }
  return take(root, "sys/devices/system/cpu/online", Length::any, parse_cpu_count, problem).value_or(0);
}

std::optional<std::uint64_t> read_memory_limit(const host::SysRoot& root, const std::string& directory) {
  std::string problem; // as if there were no limit
  return take(root, directory + "/memory.max", Length::one_read, parse_memory_bytes, problem)
      .value_or(std::nullopt);
}

} // namespace sfa::guests
