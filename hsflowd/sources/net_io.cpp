#include "sources/net_io.hpp"

#include "host/continuous_total.hpp"

#include <utility>
#include <vector>

namespace sfa::sources {

namespace {

class NetIoSource final : public CounterSource {
public:
  explicit NetIoSource(std::shared_ptr<host::HostInterfaces> interfaces)
      : interfaces_(std::move(interfaces)) {}

  [[nodiscard]] std::string_view name() const override { return sflow::HostNetIo::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override;

private:
  std::shared_ptr<host::HostInterfaces> interfaces_;
  // By ifIndex: a renamed interface stays the same.
  host::ContinuousTotal<host::LinkCounters, std::uint32_t> total_;
  bool seen_devices_ = false;
};

Result<std::optional<sflow::CounterBlock>> NetIoSource::read(const host::SysRoot& root) {
  const auto interfaces = interfaces_->current(root);
  if (!interfaces) {
    return error_of(interfaces);
  }
  const auto uplinks = host_uplinks(**interfaces);
  const auto counters = interfaces_->counters(root, uplinks);
  if (!counters) {
    return error_of(counters);
  }
  // A host whose last NIC left has totals all the same.
  seen_devices_ = seen_devices_ || !counters->empty();
  if (!seen_devices_) {
    return std::nullopt;
  }
  const host::LinkCounters& total = total_.advance(*counters);
  return sflow::HostNetIo{.bytes_in = total.bytes_in,
                          .pkts_in = static_cast<std::uint32_t>(total.packets_in),
                          .errs_in = static_cast<std::uint32_t>(total.errors_in),
                          .drops_in = static_cast<std::uint32_t>(total.drops_in),
                          .bytes_out = total.bytes_out,
                          .pkts_out = static_cast<std::uint32_t>(total.packets_out),
                          .errs_out = static_cast<std::uint32_t>(total.errors_out),
                          .drops_out = static_cast<std::uint32_t>(total.drops_out)};
}

template <class Matches>
std::vector<const host::Interface*> interfaces_that(const host::Interfaces& interfaces, Matches matches) {
  std::vector<const host::Interface*> found;
  for (const auto& [index, interface] : interfaces) {
    if (matches(interface)) {
      found.push_back(&interface);
    }
  }
  return found;
}

} // namespace

std::vector<const host::Interface*> host_uplinks(const host::Interfaces& interfaces) {
  auto nics = interfaces_that(interfaces, host::is_nic);
  return nics.empty() ? interfaces_that(interfaces, host::is_uplink_without_nic) : nics;
}

std::unique_ptr<CounterSource> make_net_io_source(std::shared_ptr<host::HostInterfaces> interfaces) {
  return std::make_unique<NetIoSource>(std::move(interfaces));
}

} // namespace sfa::sources
