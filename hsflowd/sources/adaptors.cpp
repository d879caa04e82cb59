#include "sources/adaptors.hpp"

#include <utility>

namespace sfa {

namespace {

class AdaptorsSource final : public CounterSource {
public:
  explicit AdaptorsSource(std::shared_ptr<HostInterfaces> interfaces) : interfaces_(std::move(interfaces)) {}

  [[nodiscard]] std::string_view name() const override { return HostAdapters::kName; }

  [[nodiscard]] Result<std::optional<CounterBlock>> read(const SysRoot& root) override {
    if (!root.exists("sys/class/net")) {
      return std::nullopt;
    }
    const auto interfaces = interfaces_->current(root);
    if (!interfaces) {
      return tl::unexpected(interfaces.error());
    }
    HostAdapters block;
    for (const auto& [index, interface] : **interfaces) {
      const bool up = (interface.flags & kInterfaceUp) != 0 && (interface.flags & kInterfaceLoopback) == 0;
      if (up && interface.mac && block.adapters.size() < HostAdapters::kMaxAdapters) {
        block.adapters.push_back({index, {*interface.mac}});
      }
    }
    return block;
  }

private:
  std::shared_ptr<HostInterfaces> interfaces_;
};

} // namespace

std::unique_ptr<CounterSource> make_adaptors_source(std::shared_ptr<HostInterfaces> interfaces) {
  return std::make_unique<AdaptorsSource>(std::move(interfaces));
}

} // namespace sfa
