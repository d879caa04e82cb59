#include "dns/refresh.hpp"

#include <algorithm>

namespace sfa::dns {

namespace {

constexpr std::chrono::seconds kMinRefresh{10};
constexpr std::chrono::seconds kMaxRefresh = std::chrono::hours(1);
constexpr std::chrono::seconds kMinBackOff{5};
constexpr std::chrono::seconds kMaxBackOff = std::chrono::minutes(5);

} // namespace

std::chrono::seconds refresh_after(std::span<const DnsAddress> answer) {
  std::chrono::seconds smallest = kMaxRefresh;
  for (const auto& address : answer) {
    smallest = std::min(smallest, address.ttl);
  }
  return std::max(smallest, kMinRefresh);
}

std::chrono::seconds back_off(unsigned failures) {
  constexpr unsigned kEnough = 6; // doublings from 5 s to above 5 min
  const unsigned doublings = std::min(std::max(failures, 1U) - 1, kEnough);
  return std::min(kMinBackOff * (1U << doublings), kMaxBackOff);
}

} // namespace sfa::dns
