#include "guests/ports/ports_source.hpp"

#include "common/text.hpp"
#include "guests/guest_view.hpp"
#include "guests/host_node.hpp"
#include "guests/ports/ports_file.hpp"

#include <algorithm>
#include <malloc.h>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20; // 50,000 ports

VmReading read_guest(const Uuid& uuid, const SwitchGuest& guest, const host::LinkCountersByIndex& counters) {
  VmReading reading{.uuid = uuid, .name = guest.name};
  for (const auto& port : guest.ports) {
    auto& nic = reading.nics.emplace_back(
        VmNic{.device = port.device.name, .mac = port.mac, .if_index = port.device.index});
    const auto found = counters.find(port.device.index);
    if (port.here && found != counters.end()) {
      nic.counters = port.internal ? own_view(found->second) : guest_view(found->second);
    }
  }
  return reading;
}

// Nobody updates the file while sflowovsd is away: the devices of such a guest have disappeared.
bool is_gone(const SwitchGuest& guest, const VmReading& reading) {
  const bool had_devices = std::ranges::all_of(guest.ports, [](const SwitchPort& port) {
    return port.device.index != 0 && !port.internal && !port.shared;
  });
  return had_devices &&
         std::ranges::none_of(reading.nics, [](const VmNic& nic) { return nic.counters.has_value(); });
}

class PortsSource final : public VmSource {
public:
  explicit PortsSource(VmSourceOptions options) : options_(std::move(options)) {}

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> guests) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return node_.read(options_.root); }

private:
  [[nodiscard]] std::string read_file();
  void look_for_devices(std::map<Uuid, SwitchGuest>& guests) const;
  [[nodiscard]] Result<host::LinkCountersByIndex> counters_of(std::span<const SwitchGuest* const> guests);

  VmSourceOptions options_;
  std::unique_ptr<host::LinkStatistics> statistics_;
  std::map<Uuid, SwitchGuest> guests_;
  HostNode node_;
};

Result<VmList> PortsSource::list() {
  node_.forget();
  VmList result{.vms = {}, .problem = read_file()};
  for (const auto& guest : guests_) {
    result.vms.push_back(guest.first);
  }
  return result;
}

// Returns what is wrong with it, or an empty text.
std::string PortsSource::read_file() {
  auto file = host::parse_file(
      options_.root, options_.ports_file,
      [this](std::string_view text) { return parse_ports_file(text, options_.host); }, kMaxFileBytes);
  malloc_trim(0); // the text is larger than what is kept of it
  if (!file) {
    return file.error().message + (guests_.empty() ? "" : "; keeping the last good content");
  }
  auto guests = *file ? std::move((*file)->guests) : std::map<Uuid, SwitchGuest>();
  look_for_devices(guests);
  guests_ = std::move(guests);
  if (*file && (*file)->bad_ports > 0) {
    return fmt::format("{}: {} ports are left out, first {}", options_.ports_file, (*file)->bad_ports,
                       (*file)->first_bad);
  }
  return {};
}

// The file may be older than the devices, or an internal port may have moved to the network namespace of its
// guest, where its ifIndex is no device of ours. What was found before is not looked for again.
void PortsSource::look_for_devices(std::map<Uuid, SwitchGuest>& guests) const {
  for (auto& [uuid, guest] : guests) {
    const auto before = guests_.find(uuid);
    for (auto& port : guest.ports) {
      const auto same = [&](const SwitchPort& other) {
        return other.here && other.device.name == port.device.name && other.device.index == port.device.index;
      };
      if (before != guests_.end() && std::ranges::any_of(before->second.ports, same)) {
        port.here = true;
      } else if (port.device.index != 0 && port.device.name.find('/') == std::string::npos) {
        const auto index = options_.root.attribute("sys/class/net/" + port.device.name + "/ifindex");
        port.here = parse_number<std::uint32_t>(index) == port.device.index;
      }
    }
  }
}

Result<host::LinkCountersByIndex> PortsSource::counters_of(std::span<const SwitchGuest* const> guests) {
  if (!statistics_) {
    auto opened = options_.link_statistics();
    if (!opened) {
      return error_of(opened);
    }
    statistics_ = *std::move(opened);
  }
  std::vector<const host::Interface*> devices;
  for (const auto* guest : guests) {
    for (const auto& port : guest->ports) {
      if (port.here && !port.shared) {
        devices.push_back(&port.device);
      }
    }
  }
  return statistics_->read(options_.root, devices);
}

Result<std::vector<VmReading>> PortsSource::read(std::span<const Uuid> guests) {
  std::vector<Uuid> uuids;
  std::vector<const SwitchGuest*> found;
  for (const auto& uuid : guests) {
    if (const auto guest = guests_.find(uuid); guest != guests_.end()) {
      uuids.push_back(uuid);
      found.push_back(&guest->second);
    }
  }
  const auto counters = counters_of(found);
  if (!counters) {
    return error_of(counters);
  }
  std::vector<VmReading> readings;
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto reading = read_guest(uuids[i], *found[i], *counters);
    if (!is_gone(*found[i], reading)) {
      readings.push_back(std::move(reading));
    }
  }
  return readings;
}

} // namespace

std::unique_ptr<VmSource> make_ports_source(const VmSourceOptions& options) {
  return std::make_unique<PortsSource>(options);
}

} // namespace sfa::guests
