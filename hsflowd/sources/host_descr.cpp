#include "sources/host_descr.hpp"

#include <array>
#include <utility>

namespace sfa::sources {

namespace {

constexpr std::uint32_t kLinux = 2; // os_name

class HostDescrSource final : public CounterSource {
public:
  explicit HostDescrSource(const host::HostIdentity& identity) : block_(describe_host(identity)) {}

  [[nodiscard]] std::string_view name() const override { return sflow::HostDescr::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot&) override {
    return block_;
  }

private:
  sflow::HostDescr block_;
};

} // namespace

std::uint32_t machine_type(std::string_view machine) {
  if (machine.size() == 4 && machine[0] == 'i' && machine.ends_with("86")) {
    return 2;
  }
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> kByPrefix{
      {{"x86_64", 3}, {"ppc", 7}, {"mips", 9}, {"aarch64", 10}, {"arm", 10}, {"s390", 12}}};
  for (const auto& [prefix, type] : kByPrefix) {
    if (machine.starts_with(prefix)) {
      return type;
    }
  }
  return 0;
}

sflow::HostDescr describe_host(const host::HostIdentity& identity) {
  return sflow::HostDescr{.hostname = identity.hostname.substr(0, sflow::HostDescr::kMaxHostname),
                          .uuid = identity.uuid,
                          .machine_type = machine_type(identity.machine),
                          .os_name = kLinux,
                          .os_release = identity.os_release.substr(0, sflow::HostDescr::kMaxOsRelease)};
}

std::unique_ptr<CounterSource> make_host_descr_source(const host::HostIdentity& identity) {
  return std::make_unique<HostDescrSource>(identity);
}

} // namespace sfa::sources
