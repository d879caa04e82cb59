#include "sources/memory.hpp"

#include "common/text.hpp"
#include "host/continuous_total.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace sfa::sources {

namespace {

// So large that no host has it, so small that two of them add up to less than 2^64 bytes.
constexpr std::uint64_t kMaxKib = std::numeric_limits<std::uint64_t>::max() / 1024 / 2;

// "MemTotal:       24684084 kB" in bytes, and nothing for a line with another unit (HugePages_Total counts
// pages).
Result<std::optional<std::uint64_t>> bytes_of(const std::vector<std::string_view>& words) {
  if (words.size() != 3 || words[2] != "kB") {
    return std::nullopt;
  }
  const auto kib = parse_number<std::uint64_t>(words[1]);
  if (!kib || *kib > kMaxKib) {
    return failure("{} '{}' is not a size in kB", printable(words[0]), printable(words[1]));
  }
  return *kib * 1024;
}

class MemorySource final : public CounterSource {
public:
  [[nodiscard]] std::string_view name() const override { return sflow::HostMemory::kName; }

  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override {
    const auto memory = host::parse_file(root, "proc/meminfo", parse_meminfo);
    if (!memory) {
      return error_of(memory);
    }
    if (!*memory) {
      return std::nullopt;
    }
    const auto moved = host::parse_file(root, "proc/vmstat", parse_vmstat);
    if (!moved) {
      return error_of(moved);
    }
    const MemInfo& sizes = **memory;
    const VmStat counters = moved->value_or(VmStat{});
    return sflow::HostMemory{.mem_total = sizes.total,
                             .mem_free = sizes.free,
                             .mem_shared = 0,
                             .mem_buffers = sizes.buffers.value_or(0),
                             .mem_cached = sizes.cached.value_or(0) + sizes.reclaimable.value_or(0),
                             .swap_total = sizes.swap_total.value_or(0),
                             .swap_free = sizes.swap_free.value_or(0),
                             .page_in = sflow::counter32(page_in_.advance(counters.pgpgin)),
                             .page_out = sflow::counter32(page_out_.advance(counters.pgpgout)),
                             .swap_in = sflow::counter32(swap_in_.advance(counters.pswpin)),
                             .swap_out = sflow::counter32(swap_out_.advance(counters.pswpout))};
  }

private:
  host::ContinuousCounter page_in_, page_out_, swap_in_, swap_out_;
};

} // namespace

Result<MemInfo> parse_meminfo(std::string_view text) {
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> free;
  MemInfo info;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 7> wanted{
      {{"MemTotal:", &total},
       {"MemFree:", &free},
       {"Buffers:", &info.buffers},
       {"Cached:", &info.cached},
       {"SReclaimable:", &info.reclaimable},
       {"SwapTotal:", &info.swap_total},
       {"SwapFree:", &info.swap_free}}};
  for (const auto line : lines(text)) {
    auto rest = line;
    const auto found = std::ranges::find(wanted, take_word(rest), [](const auto& row) { return row.first; });
    if (found == wanted.end()) {
      continue;
    }
    const auto bytes = bytes_of(split(line));
    if (!bytes) {
      return error_of(bytes);
    }
    *found->second = *bytes;
  }
  if (!total || !free) {
    return failure("no line '{}'", total ? "MemFree" : "MemTotal");
  }
  info.total = *total;
  info.free = *free;
  return info;
}

Result<VmStat> parse_vmstat(std::string_view text) {
  VmStat stat;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 4> wanted{
      {{"pgpgin", &stat.pgpgin},
       {"pgpgout", &stat.pgpgout},
       {"pswpin", &stat.pswpin},
       {"pswpout", &stat.pswpout}}};
  for (const auto line : lines(text)) {
    auto rest = line;
    const auto found = std::ranges::find(wanted, take_word(rest), [](const auto& row) { return row.first; });
    if (found == wanted.end()) {
      continue;
    }
    *found->second = parse_number<std::uint64_t>(trim(rest));
    if (!*found->second) {
      return failure("'{}' is not a counter", printable(line));
    }
  }
  return stat;
}

std::unique_ptr<CounterSource> make_memory_source() {
  return std::make_unique<MemorySource>();
}

} // namespace sfa::sources
