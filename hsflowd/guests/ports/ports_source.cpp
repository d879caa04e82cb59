#include "guests/ports/ports_source.hpp"

#include "guests/guest_view.hpp"
#include "guests/host_node.hpp"
#include "guests/ports/ports_file.hpp"

#include <malloc.h>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20; // 50,000 ports

class PortsSource final : public VmSource {
public:
  explicit PortsSource(VmSourceOptions options) : options_(std::move(options)) {}

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> guests) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return node_.read(options_.root); }

private:
  [[nodiscard]] std::string read_file();

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
      [this](std::string_view text) { return parse_ports_file(text, options_.host); }, kMaxBytes);
  malloc_trim(0); // the text is larger than what is kept of it
  if (!file) {
    return file.error().message + (guests_.empty() ? "" : "; keeping the last good content");
  }
  guests_ = *file ? std::move((*file)->guests) : std::map<Uuid, SwitchGuest>();
  if (*file && (*file)->bad_ports > 0) {
    return fmt::format("{}: {} ports are left out, first {}", options_.ports_file, (*file)->bad_ports,
                       (*file)->first_bad);
  }
  return {};
}

Result<std::vector<VmReading>> PortsSource::read(std::span<const Uuid> guests) {
  if (!statistics_) {
    auto opened = options_.link_statistics();
    if (!opened) {
      return error_of(opened);
    }
    statistics_ = *std::move(opened);
  }
  std::vector<const host::Interface*> devices;
  std::vector<VmReading> readings;
  for (const auto& uuid : guests) {
    const auto guest = guests_.find(uuid);
    if (guest == guests_.end()) {
      continue;
    }
    auto& reading = readings.emplace_back(VmReading{.uuid = uuid, .name = guest->second.name});
    for (const auto& port : guest->second.ports) {
      reading.nics.push_back(
          {.device = port.device.name, .mac = port.mac, .if_index = port.device.index, .counters = {}});
      if (port.device.index != 0) {
        devices.push_back(&port.device);
      }
    }
  }
  const auto counters = statistics_->read(options_.root, devices);
  if (!counters) {
    return error_of(counters);
  }
  for (auto& reading : readings) {
    for (auto& nic : reading.nics) {
      if (const auto found = counters->find(nic.if_index); found != counters->end()) {
        nic.counters = guest_view(found->second);
      }
    }
  }
  return readings;
}

} // namespace

std::unique_ptr<VmSource> make_ports_source(const VmSourceOptions& options) {
  return std::make_unique<PortsSource>(options);
}

} // namespace sfa::guests
