#include "guests/xen/domain_info.hpp"

#include <tuple>

namespace sfa::guests {

namespace {

// Values of virDomainState.
enum State : std::uint32_t { kRunning = 1, kBlocked = 2, kPaused = 3, kShutOff = 5, kCrashed = 6 };

// 0 for the hypervisor's "no limit".
std::uint64_t bytes(std::uint64_t pages) {
  constexpr std::uint64_t kPageSize = 4096;
  constexpr std::uint64_t kMostPages = std::uint64_t{1} << 40U;
  return pages <= kMostPages ? pages * kPageSize : 0;
}

} // namespace

std::uint32_t domain_state(const XenDomain& domain) {
  constexpr std::uint32_t kSuspend = 2; // for a migration or to be saved
  constexpr std::uint32_t kCrash = 3;
  if (domain.shut_down) {
    return domain.shut_down_reason == kCrash     ? kCrashed
           : domain.shut_down_reason == kSuspend ? kPaused
                                                 : kShutOff;
  }
  if (domain.paused) {
    return kPaused;
  }
  // A domain that is not blocked runs or waits for a CPU.
  return domain.blocked ? kBlocked : kRunning;
}

std::map<Uuid, XenDomain> virtual_machines(std::span<const XenDomain> domains) {
  std::map<Uuid, XenDomain> result;
  const auto rank = [](const XenDomain& domain) {
    const auto state = domain_state(domain);
    return std::tuple(state == kRunning || state == kBlocked, domain.id);
  };
  for (const auto& domain : domains) {
    if (domain.id == 0 || domain.uuid == Uuid{} || domain.dying || domain.serves_xenstore) {
      continue;
    }
    const auto [row, is_new] = result.emplace(domain.uuid, domain);
    if (!is_new && rank(domain) > rank(row->second)) {
      row->second = domain;
    }
  }
  return result;
}

VmReading read_domain(const XenDomain& domain) {
  return {.uuid = domain.uuid,
          .cpu = VmCpu{.state = domain_state(domain), .time_ns = domain.cpu_time_ns, .count = domain.cpus},
          .memory = VmMemory{.bytes = bytes(domain.pages), .max_bytes = bytes(domain.max_pages)}};
}

sflow::VirtNode read_node(const XenMachine& machine) {
  constexpr std::uint32_t kKilo = 1000;
  return {.mhz = machine.khz / kKilo,
          .cpus = machine.cpus,
          .memory = bytes(machine.pages),
          .memory_free = bytes(machine.free_pages),
          .num_domains = 0};
}

} // namespace sfa::guests
