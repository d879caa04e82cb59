#include "sources/net_io.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace sfa {

namespace {

constexpr std::string_view kEthernet = "1"; // ARPHRD_ETHER

bool is_nic(const SysRoot& root, const std::string& name) {
  const std::string directory = "sys/class/net/" + name;
  return root.exists(directory + "/device") && !root.exists(directory + "/master/device") &&
         !root.attribute(directory + "/device/nodename").starts_with("backend/");
}

bool is_uplink_without_nic(const SysRoot& root, const std::string& name) {
  const std::string directory = "sys/class/net/" + name;
  const auto entries = root.list(directory);
  const bool stacked_or_switch = std::ranges::any_of(entries, [](const std::string& entry) {
    return entry.starts_with("lower_") || entry == "bridge" || entry == "brport" || entry == "bonding" ||
           entry == "bonding_slave" || entry == "tun_flags";
  });
  return !stacked_or_switch && root.attribute(directory + "/type") == kEthernet;
}

template <class Matches>
std::set<std::string> devices(const SysRoot& root, Matches matches) {
  std::set<std::string> names;
  for (auto& name : root.list("sys/class/net")) {
    if (matches(root, name)) {
      names.insert(std::move(name));
    }
  }
  return names;
}

// Which member of NetCounters each number of a line belongs to; null for the others.
using Columns = std::vector<std::uint64_t NetCounters::*>;

// Each of the four is there once.
bool append_columns(Columns& columns, std::string_view names,
                    const std::array<std::pair<std::string_view, std::uint64_t NetCounters::*>, 4>& wanted) {
  std::size_t found = 0;
  for (const auto name : split(names)) {
    const auto row = std::ranges::find(wanted, name, [](const auto& pair) { return pair.first; });
    columns.push_back(row == wanted.end() ? nullptr : row->second);
    found += row == wanted.end() ? 0 : 1;
  }
  return found == wanted.size();
}

// " face |bytes    packets errs drop ... multicast|bytes    packets errs drop ... compressed"
std::optional<Columns> parse_header(std::string_view line) {
  const auto parts = split(line, "|");
  Columns columns;
  if (parts.size() == 3 &&
      append_columns(columns, parts[1],
                     {{{"bytes", &NetCounters::bytes_in},
                       {"packets", &NetCounters::packets_in},
                       {"errs", &NetCounters::errors_in},
                       {"drop", &NetCounters::drops_in}}}) &&
      append_columns(columns, parts[2],
                     {{{"bytes", &NetCounters::bytes_out},
                       {"packets", &NetCounters::packets_out},
                       {"errs", &NetCounters::errors_out},
                       {"drop", &NetCounters::drops_out}}})) {
    return columns;
  }
  return std::nullopt;
}

// "  eth0: 38091663     864 ..."; older kernels leave out the space after the colon.
Result<std::pair<std::string, NetCounters>> parse_device(std::string_view line, const Columns& columns) {
  const std::size_t colon = std::min(line.rfind(':'), line.size());
  const auto name = trim(line.substr(0, colon));
  const auto numbers = split(line.substr(std::min(colon + 1, line.size())));
  if (name.empty() || numbers.size() != columns.size()) {
    return failure("not the counters of a device: '{}'", printable(line));
  }
  NetCounters counters;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto value = parse_number<std::uint64_t>(numbers[i]);
    if (!value) {
      return failure("{}: '{}' is not a counter", printable(name), printable(numbers[i]));
    }
    if (columns[i] != nullptr) {
      counters.*columns[i] = *value;
    }
  }
  return std::pair(std::string(name), counters);
}

class NetIoSource final : public CounterSource {
public:
  [[nodiscard]] std::string_view name() const override { return HostNetIo::kName; }
  [[nodiscard]] Result<std::optional<CounterBlock>> read(const SysRoot& root) override;

private:
  ContinuousTotal<NetCounters> total_;
  bool seen_devices_ = false;
};

Result<std::optional<CounterBlock>> NetIoSource::read(const SysRoot& root) {
  auto stats = parse_file(root, "proc/net/dev", parse_net_dev);
  if (!stats) {
    return tl::unexpected(stats.error());
  }
  auto nics = std::move(*stats).value_or(std::map<std::string, NetCounters>{});
  auto names = physical_nics(root);
  if (names.empty()) {
    names = uplinks_without_nic(root);
  }
  std::erase_if(nics, [&](const auto& nic) { return !names.contains(nic.first); });
  // A host whose last NIC left has totals all the same.
  seen_devices_ = seen_devices_ || !nics.empty();
  if (!seen_devices_) {
    return std::nullopt;
  }
  const NetCounters& total = total_.advance(nics);
  return HostNetIo{.bytes_in = total.bytes_in,
                   .pkts_in = static_cast<std::uint32_t>(total.packets_in),
                   .errs_in = static_cast<std::uint32_t>(total.errors_in),
                   .drops_in = static_cast<std::uint32_t>(total.drops_in),
                   .bytes_out = total.bytes_out,
                   .pkts_out = static_cast<std::uint32_t>(total.packets_out),
                   .errs_out = static_cast<std::uint32_t>(total.errors_out),
                   .drops_out = static_cast<std::uint32_t>(total.drops_out)};
}

} // namespace

Result<std::map<std::string, NetCounters>> parse_net_dev(std::string_view text) {
  const auto all = lines(text);
  const auto columns = all.size() < 2 ? std::nullopt : parse_header(all[1]);
  if (!columns) {
    return failure("no line that names the columns");
  }
  std::map<std::string, NetCounters> devices_by_name;
  for (std::size_t i = 2; i < all.size(); ++i) {
    auto device = parse_device(all[i], *columns);
    if (!device) {
      return tl::unexpected(device.error());
    }
    devices_by_name.insert(std::move(*device));
  }
  return devices_by_name;
}

std::set<std::string> physical_nics(const SysRoot& root) {
  return devices(root, is_nic);
}

std::set<std::string> uplinks_without_nic(const SysRoot& root) {
  return devices(root, is_uplink_without_nic);
}

std::unique_ptr<CounterSource> make_net_io_source() {
  return std::make_unique<NetIoSource>();
}

} // namespace sfa
