// Any bytes as both kinds of tapdisk's statistics. What a parser accepts does not depend on the bytes behind
// the struct, and each byte count is one of whole sectors.

#include "guests/xen/tapdisk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

template <class Parse>
void check(std::span<const std::uint8_t> bytes, std::size_t size, Parse parse) {
  const auto statistics = parse(bytes);
  const auto alone = parse(bytes.first(std::min(bytes.size(), size)));
  if (statistics.has_value() != alone.has_value() || (statistics && *statistics != *alone)) {
    std::abort();
  }
  if (!statistics) {
    if (statistics.error().message.empty()) {
      std::abort();
    }
    return;
  }
  const auto& counters = statistics->counters;
  if (bytes.size() < size || counters.rd_bytes % sfa::guests::kTapdiskSectorSize != 0 ||
      counters.wr_bytes % sfa::guests::kTapdiskSectorSize != 0 ||
      (!statistics->counts_errors && counters.errs != 0)) {
    std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size}, 96, sfa::guests::parse_tapdisk_statistics);
  check({data, size}, 112, sfa::guests::parse_older_tapdisk_statistics);
  return 0;
}
