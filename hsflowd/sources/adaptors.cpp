#include "sources/adaptors.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace sfa {

namespace {

constexpr std::uint32_t kUp = 0x1;       // IFF_UP
constexpr std::uint32_t kLoopback = 0x8; // IFF_LOOPBACK

// Nothing for an interface that is not to be listed, or that went while it was read.
Result<std::optional<HostAdapter>> read_adapter(const SysRoot& root, const std::string& name) {
  const std::string directory = "sys/class/net/" + name;
  const auto flags = parse_file(root, directory + "/flags", parse_interface_flags);
  if (!flags) {
    return tl::unexpected(flags.error());
  }
  if (!*flags || (**flags & kUp) == 0 || (**flags & kLoopback) != 0) {
    return std::nullopt;
  }
  const auto mac = parse_file(root, directory + "/address", parse_mac_address);
  if (!mac) {
    return tl::unexpected(mac.error());
  }
  const auto index = parse_file(root, directory + "/ifindex", parse_interface_index);
  if (!index) {
    return tl::unexpected(index.error());
  }
  if (!*mac || !**mac || !*index) {
    return std::nullopt;
  }
  return HostAdapter{**index, {***mac}};
}

class AdaptorsSource final : public CounterSource {
public:
  [[nodiscard]] std::string_view name() const override { return HostAdapters::kName; }

  [[nodiscard]] Result<std::optional<CounterBlock>> read(const SysRoot& root) override {
    if (!root.exists("sys/class/net")) {
      return std::nullopt;
    }
    HostAdapters block;
    for (const auto& name : root.list("sys/class/net")) {
      auto adapter = read_adapter(root, name);
      if (!adapter) {
        return tl::unexpected(adapter.error());
      }
      if (*adapter) {
        block.adapters.push_back(std::move(**adapter));
      }
    }
    std::ranges::sort(block.adapters, {}, &HostAdapter::if_index);
    block.adapters.resize(std::min(block.adapters.size(), HostAdapters::kMaxAdapters));
    return block;
  }
};

} // namespace

Result<std::uint32_t> parse_interface_flags(std::string_view text) {
  const auto word = trim(text);
  const auto flags = word.starts_with("0x") ? parse_number<std::uint32_t>(word.substr(2), 16) : std::nullopt;
  if (!flags) {
    return failure("'{}' are not interface flags", printable(word));
  }
  return *flags;
}

Result<std::uint32_t> parse_interface_index(std::string_view text) {
  const auto index = parse_number<std::uint32_t>(trim(text));
  if (!index || *index == 0) {
    return failure("'{}' is not an ifIndex", printable(trim(text)));
  }
  return *index;
}

Result<std::optional<MacAddress>> parse_mac_address(std::string_view text) {
  const auto bytes = split(trim(text), ":");
  MacAddress mac{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = bytes[i].size() == 2 ? parse_number<std::uint8_t>(bytes[i], 16) : std::nullopt;
    if (!byte) {
      return failure("'{}' is not a link-layer address", printable(trim(text)));
    }
    mac[std::min(i, mac.size() - 1)] = *byte;
  }
  if (bytes.size() != mac.size() || mac == MacAddress{}) {
    return std::nullopt;
  }
  return mac;
}

std::unique_ptr<CounterSource> make_adaptors_source() {
  return std::make_unique<AdaptorsSource>();
}

} // namespace sfa
