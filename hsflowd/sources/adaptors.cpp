#include "sources/adaptors.hpp"

#include <utility>

namespace sfa::sources {

namespace {

class AdaptorsSource final : public CounterSource {
public:
  explicit AdaptorsSource(std::shared_ptr<host::HostInterfaces> interfaces)
      : interfaces_(std::move(interfaces)) {}

  [[nodiscard]] std::string_view name() const override { return sflow::HostAdapters::kName; }

  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override {
    const auto interfaces = interfaces_->current(root);
    if (!interfaces) {
      return error_of(interfaces);
    }
    if ((*interfaces)->empty() && !root.exists("sys/class/net")) {
      return std::nullopt;
    }
    sflow::HostAdapters block;
    for (const auto& [index, interface] : **interfaces) {
      const bool up =
          (interface.flags & host::kInterfaceUp) != 0 && (interface.flags & host::kInterfaceLoopback) == 0;
      if (up && interface.mac && block.adapters.size() < sflow::HostAdapters::kMaxAdapters) {
        block.adapters.push_back({index, {*interface.mac}});
      }
    }
    return block;
  }

private:
  std::shared_ptr<host::HostInterfaces> interfaces_;
};

} // namespace

std::unique_ptr<CounterSource> make_adaptors_source(std::shared_ptr<host::HostInterfaces> interfaces) {
  return std::make_unique<AdaptorsSource>(std::move(interfaces));
}

} // namespace sfa::sources
