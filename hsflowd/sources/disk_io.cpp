#include "sources/disk_io.hpp"

#include "common/text.hpp"
#include "host/disk_space.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfa::sources {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

Result<std::pair<std::string, DiskCounters>> parse_disk(std::string_view line) {
  // MAJOR MINOR NAME, then eleven fields, in later kernels more.
  constexpr std::array<std::pair<std::size_t, std::uint64_t DiskCounters::*>, 6> kPlaces{
      {{3, &DiskCounters::reads},
       {5, &DiskCounters::sectors_read},
       {6, &DiskCounters::read_ms},
       {7, &DiskCounters::writes},
       {9, &DiskCounters::sectors_written},
       {10, &DiskCounters::write_ms}}};
  const auto words = split(line);
  if (words.size() < 14) {
    return failure("not the counters of a disk: '{}'", printable(line));
  }
  DiskCounters counters;
  for (const auto& [place, member] : kPlaces) {
    const auto value = parse_number<std::uint64_t>(words[place]);
    if (!value) {
      return failure("{}: '{}' is not a counter", printable(words[2]), printable(words[place]));
    }
    counters.*member = *value;
  }
  return std::pair(std::string(words[2]), counters);
}

// The NVMe multipath disk that a path nvme0c1n1 is below, nvme0n1. (The first kernels with such paths had no
// attribute `hidden`, and only the newest have links from one to the other: the name tells.)
std::optional<std::string> disk_above(const std::string& name) {
  const auto controller = name.find('c');
  const auto space = controller == std::string::npos ? controller : name.find('n', controller);
  if (!name.starts_with("nvme") || space == std::string::npos) {
    return std::nullopt;
  }
  return name.substr(0, controller) + name.substr(space);
}

bool counts_requests(const host::SysRoot& root, const std::string& name) {
  return root.attribute("sys/block/" + name + "/queue/iostats") != "0";
}

bool is_multipath(const host::SysRoot& root, const std::string& name) {
  return name.starts_with("dm-") && root.attribute("sys/block/" + name + "/dm/uuid").starts_with("mpath-");
}

class DiskIoSource final : public CounterSource {
public:
  [[nodiscard]] std::string_view name() const override { return sflow::HostDiskIo::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override;

  [[nodiscard]] std::string missing() const override { return missing_; }

private:
  host::DiskSpaceReader space_;
  std::string missing_;
  host::ContinuousTotal<DiskCounters> total_;
  bool seen_disks_ = false;
};

Result<std::optional<sflow::CounterBlock>> DiskIoSource::read(const host::SysRoot& root) {
  const auto read = space_.read(root);
  missing_ = read ? space_.missing() : read.error().message;
  // Unknown is not full.
  const host::DiskSpace space = read.value_or(host::DiskSpace{
      .total = sflow::kUnknown64, .available = sflow::kUnknown64, .max_used = sflow::kUnknown32});
  auto stats = host::parse_file(root, "proc/diskstats", parse_diskstats);
  if (!stats) {
    return error_of(stats);
  }
  auto disks = std::move(*stats).value_or(std::map<std::string, DiskCounters>{});
  std::erase_if(disks,
                [names = physical_disks(root)](const auto& disk) { return !names.contains(disk.first); });
  // A host whose last disk left has totals all the same.
  seen_disks_ = seen_disks_ || !disks.empty();
  if (!seen_disks_ && space.total == 0) {
    return std::nullopt;
  }

  sflow::HostDiskIo block;
  block.disk_total = space.total;
  block.disk_free = space.available;
  block.part_max_used = space.max_used;
  if (seen_disks_) {
    const DiskCounters& total = total_.advance(disks);
    block.reads = static_cast<std::uint32_t>(total.reads);
    block.bytes_read = total.sectors_read * kSectorBytes;
    block.read_time = static_cast<std::uint32_t>(total.read_ms);
    block.writes = static_cast<std::uint32_t>(total.writes);
    block.bytes_written = total.sectors_written * kSectorBytes;
    block.write_time = static_cast<std::uint32_t>(total.write_ms);
  }
  return block;
}

} // namespace

Result<std::map<std::string, DiskCounters>> parse_diskstats(std::string_view text) {
  std::map<std::string, DiskCounters> disks;
  for (const auto line : lines(text)) {
    auto disk = parse_disk(line);
    if (!disk) {
      return error_of(disk);
    }
    disks.insert(std::move(*disk));
  }
  return disks;
}

std::set<std::string> physical_disks(const host::SysRoot& root) {
  std::set<std::string> disks;
  std::set<std::string> elsewhere; // what others count
  for (const auto& name : root.list("sys/block")) {
    if (name.starts_with("loop") || name.starts_with("ram")) { // there may be many, and none has a `device`
      continue;
    }
    const std::string directory = "sys/block/" + name;
    if (is_multipath(root, name)) {
      disks.insert(name);
      std::ranges::move(root.list(directory + "/slaves"), std::inserter(elsewhere, elsewhere.end()));
    } else if (root.exists(directory + "/device")) {
      disks.insert(name);
      if (const auto above = disk_above(name)) {
        elsewhere.insert(counts_requests(root, *above) ? name : *above);
      }
    }
  }
  std::set<std::string> names;
  for (auto name : disks) {
    if (!elsewhere.contains(name)) {
      // sysfs cannot have the slash of a name such as cciss/c0d0, and shows it as an exclamation mark.
      std::ranges::replace(name, '!', '/');
      names.insert(std::move(name));
    }
  }
  return names;
}

std::unique_ptr<CounterSource> make_disk_io_source() {
  return std::make_unique<DiskIoSource>();
}

} // namespace sfa::sources
