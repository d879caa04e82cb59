// For proxmox_bench.py: polls the guests of a Proxmox VE node in this process, and prints the microseconds of
// CPU time that each takes. Below another root than / no counters of devices are read: the kernel's are not
// there.
//
//   proxmox_polls ROOT POLLS GUESTS_OF_A_POLL
#include "guests/proxmox/proxmox_source.hpp"
#include "netlink/netlink_statistics.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sfa;

class NoCounters final : public host::LinkStatistics {
public:
  Result<host::LinkCountersByIndex> read(const host::SysRoot&,
                                         std::span<const host::Interface* const> interfaces) override {
    host::LinkCountersByIndex result;
    for (const auto* interface : interfaces) {
      result[interface->index] = {};
    }
    return result;
  }
};

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(EXIT_FAILURE);
  }
  return *std::move(result);
}

void print(const char* what, std::size_t guests, double us) {
  std::printf("{\"what\": \"%s\", \"guests\": %zu, \"us_per_guest\": %.2f}\n", what, guests,
              us / static_cast<double>(std::max<std::size_t>(guests, 1)));
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    return EXIT_FAILURE;
  }
  const std::string root = argv[1];
  const auto polls = std::strtoul(argv[2], nullptr, 10);
  const auto batch = std::max<std::size_t>(std::strtoul(argv[3], nullptr, 10), 1);
  guests::VmSourceOptions options{.root = host::SysRoot(root)};
  options.link_statistics = [&root]() -> Result<std::unique_ptr<host::LinkStatistics>> {
    if (root == "/") {
      return std::make_unique<netlink::NetlinkStatistics>();
    }
    return std::make_unique<NoCounters>();
  };
  const auto source = guests::make_proxmox_source(options);
  auto begin = cpu_us();
  auto list = value_of(source->list());
  print("first list", list.vms.size(), cpu_us() - begin);
  begin = cpu_us();
  list = value_of(source->list());
  print("list, nothing changed", list.vms.size(), cpu_us() - begin);

  std::size_t read = 0;
  std::vector<double> costs;
  for (unsigned long poll = 0; poll <= polls; ++poll) { // the first one reads the ifIndexes
    begin = cpu_us();
    std::size_t guests = 0;
    for (std::size_t first = 0; first < list.vms.size(); first += batch) {
      const std::span<const Uuid> due(list.vms);
      guests += value_of(source->read(due.subspan(first, std::min(batch, due.size() - first)))).size();
    }
    read = guests;
    if (poll == 0) {
      print("first poll", read, cpu_us() - begin);
    } else {
      costs.push_back(cpu_us() - begin);
    }
  }
  std::ranges::sort(costs);
  print("poll, median", read, costs.empty() ? 0 : costs[costs.size() / 2]);
  return EXIT_SUCCESS;
}
