#include "vms/libvirt/libvirt_source.hpp"

#include "common/handle.hpp"
#include "common/text.hpp"
#include "sources/adaptors.hpp"
#include "sources/cpu.hpp"
#include "sources/host_descr.hpp"
#include "sources/memory.hpp"
#include "vms/deadline_call.hpp"
#include "vms/libvirt/domain_events.hpp"
#include "vms/libvirt/domain_stats.hpp"
#include "vms/libvirt/domain_xml.hpp"
#include "vms/libvirt/event_thread.hpp"

#include <algorithm>
#include <cstdlib>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <utility>

namespace sfa {

namespace {

using Connection = Handle<virConnect, virConnectClose>;
using Domain = Handle<virDomain, virDomainFree>;
using Text = Handle<char, std::free>;
using Records = Handle<virDomainStatsRecordPtr, virDomainStatsRecordListFree>;

constexpr const char* kUsualUri = "qemu:///system";
constexpr std::uint64_t kKibibyte = 1024;

// Why the last call of this thread failed.
tl::unexpected<Error> libvirt_failure(std::string_view what) {
  const char* message = virGetLastErrorMessage();
  return failure("{}: {}", what, printable(message == nullptr ? "no reason" : message, 200));
}

Domain share(virDomainPtr domain) {
  virDomainRef(domain);
  return Domain(domain);
}

using Nics = std::vector<NicStats>;
using Disks = std::optional<std::vector<VmDisk>>;

struct Stats {
  Nics nics;
  Disks disks; // nothing: not known now
};
using StatsByDomain = std::map<Uuid, Stats>;

// Many domains in one call. A domain that has gone is left out. The domains end with a null pointer.
Result<StatsByDomain> bulk_stats(std::vector<virDomainPtr> domains, unsigned groups) {
  virDomainStatsRecordPtr* list = nullptr;
  const int count =
      virDomainListGetStats(domains.data(), groups, &list, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  if (count < 0) {
    return libvirt_failure("statistics");
  }
  const Records records(list);
  StatsByDomain result;
  for (const auto* record : std::span(list, static_cast<std::size_t>(count))) {
    const std::span<const virTypedParameter> params(record->params,
                                                    static_cast<std::size_t>(record->nparams));
    result.emplace(uuid_of(record->dom), Stats{.nics = nic_stats(params), .disks = disk_stats(params)});
  }
  return result;
}

struct Answer {
  Result<StatsByDomain> stats;
  bool hung = false; // some monitor does not answer
};

class LibvirtSource final : public VmSource {
public:
  explicit LibvirtSource(VmSourceOptions options) : options_(std::move(options)) {
    // Otherwise libvirt prints errors.
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  }

  [[nodiscard]] Result<std::vector<Uuid>> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<VirtNode> node() override;

private:
  // What the XML says: as long as the devices stay what they are.
  struct Description {
    std::uint32_t machine_type = 0;
    std::uint32_t os_name = 0;
    std::string os_release;
    std::vector<VmNic> nics; // without counters
  };
  struct Known {
    Domain domain;
    std::optional<Description> description = {};
  };

  [[nodiscard]] Result<void> connect();
  void disconnect();
  [[nodiscard]] std::vector<virDomainPtr> pointers(std::span<const Uuid> vms) const;
  [[nodiscard]] Result<void> read_part(std::span<const Uuid> vms, std::vector<VmReading>& readings);
  // Nothing: it has gone.
  [[nodiscard]] std::optional<VmReading> read_domain(const Uuid& uuid, Known& known, const Nics& nics);
  [[nodiscard]] Result<void> describe(Known& known, const Nics& nics);
  [[nodiscard]] std::vector<VmNic> read_nics(Description& description, const Nics& nics);
  [[nodiscard]] Answer read_stats(const std::vector<virDomainPtr>& domains);

  VmSourceOptions options_;
  EventThread event_thread_;
  Connection connection_;
  std::unique_ptr<DomainEvents> events_;
  std::map<Uuid, Known> domains_;
  AbandonedCalls abandoned_ = no_abandoned_calls();
};

Result<void> LibvirtSource::connect() {
  if (connection_ && (!events_ || !events_->connection_closed())) {
    return {};
  }
  disconnect();
  if (!event_thread_.failure_text().empty()) {
    return failure("{}", event_thread_.failure_text());
  }
  const std::string uri = options_.uri.empty() ? kUsualUri : options_.uri;
  connection_.reset(virConnectOpenReadOnly(uri.c_str()));
  if (!connection_) {
    return libvirt_failure(uri);
  }
  events_ = std::make_unique<DomainEvents>(connection_.get(), options_.changed);
  return {};
}

void LibvirtSource::disconnect() {
  domains_.clear();
  events_.reset();
  connection_.reset();
}

Result<std::vector<Uuid>> LibvirtSource::list() {
  if (const auto connected = connect(); !connected) {
    return tl::unexpected(connected.error());
  }
  virDomainPtr* list = nullptr;
  const int count = virConnectListAllDomains(connection_.get(), &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  if (count < 0) {
    auto error = libvirt_failure("list of domains");
    disconnect();
    return error;
  }
  const Handle<virDomainPtr, std::free> owner(list);
  auto old = std::exchange(domains_, {});
  std::vector<Uuid> uuids;
  for (auto* pointer : std::span(list, static_cast<std::size_t>(count))) {
    Domain domain(pointer);
    const Uuid uuid = uuid_of(pointer);
    Known known{std::move(domain)};
    // The same run of the domain has the same id.
    if (const auto before = old.find(uuid);
        before != old.end() && virDomainGetID(before->second.domain.get()) == virDomainGetID(pointer)) {
      known.description = std::move(before->second.description);
    }
    domains_.insert_or_assign(uuid, std::move(known));
    uuids.push_back(uuid);
  }
  return uuids;
}

Result<std::vector<VmReading>> LibvirtSource::read(std::span<const Uuid> vms) {
  if (!connection_ || (events_ && events_->connection_closed())) {
    return failure("not connected");
  }
  for (const auto& uuid : events_->take_changed()) {
    if (const auto known = domains_.find(uuid); known != domains_.end()) {
      known->second.description.reset();
    }
  }
  std::vector<VmReading> readings;
  constexpr std::size_t kAtOnce = 32; // a QEMU that stops holds up no more than so many, and those once
  for (std::size_t begin = 0; begin < vms.size(); begin += kAtOnce) {
    const auto part = vms.subspan(begin, std::min(kAtOnce, vms.size() - begin));
    if (const auto done = read_part(part, readings); !done) {
      return tl::unexpected(done.error());
    }
  }
  return readings;
}

Result<void> LibvirtSource::read_part(std::span<const Uuid> vms, std::vector<VmReading>& readings) {
  const auto domains = pointers(vms);
  if (domains.size() == 1) { // the null pointer at the end
    return {};
  }
  auto answer = read_stats(domains);
  if (!answer.stats) {
    return tl::unexpected(answer.stats.error());
  }
  for (const auto& uuid : vms) {
    const auto known = domains_.find(uuid);
    auto& stats = (*answer.stats)[uuid];
    auto reading = known == domains_.end() ? std::nullopt : read_domain(uuid, known->second, stats.nics);
    if (!reading) {
      continue;
    }
    reading->disks = std::move(stats.disks);
    if (answer.hung && !reading->disks) {
      reading->problem = "QEMU does not answer; its disks are left out";
    }
    readings.push_back(*std::move(reading));
  }
  return {};
}

std::vector<virDomainPtr> LibvirtSource::pointers(std::span<const Uuid> vms) const {
  std::vector<virDomainPtr> result;
  for (const auto& uuid : vms) {
    if (const auto known = domains_.find(uuid); known != domains_.end()) {
      result.push_back(known->second.domain.get());
    }
  }
  result.push_back(nullptr);
  return result;
}

std::optional<VmReading> LibvirtSource::read_domain(const Uuid& uuid, Known& known, const Nics& nics) {
  virDomainInfo info{};
  // Needs no monitor, as the statistics of a domain's CPUs and memory would.
  if (virDomainGetInfo(known.domain.get(), &info) != 0) {
    return std::nullopt;
  }
  VmReading reading{.uuid = uuid,
                    .name = virDomainGetName(known.domain.get()),
                    .state = domain_state(info.state),
                    .cpu_time_ns = info.cpuTime,
                    .cpus = info.nrVirtCpu,
                    .memory = info.memory * kKibibyte,
                    .max_memory = info.maxMem * kKibibyte};
  if (const auto described = describe(known, nics); !described) {
    reading.problem = described.error().message;
    return reading;
  }
  reading.machine_type = known.description->machine_type;
  reading.os_name = known.description->os_name;
  reading.os_release = known.description->os_release;
  reading.nics = read_nics(*known.description, nics);
  return reading;
}

Result<void> LibvirtSource::describe(Known& known, const Nics& nics) {
  const auto is_known = [&](const NicStats& nic) {
    return std::ranges::find(known.description->nics, nic.name, &VmNic::device) !=
           known.description->nics.end();
  };
  if (known.description &&
      std::ranges::all_of(nics, is_known)) { // else there is a NIC of which no event told
    return {};
  }
  const Text text(virDomainGetXMLDesc(known.domain.get(), 0));
  const auto xml = text ? parse_domain_xml(text.get()) : libvirt_failure("XML");
  if (!xml) {
    return tl::unexpected(xml.error());
  }
  known.description = Description{.machine_type = machine_type(xml->arch),
                                  .os_name = os_name(xml->os_id),
                                  .os_release = os_release(xml->os_id),
                                  .nics = {}};
  for (const auto& nic : xml->nics) {
    known.description->nics.push_back({.device = nic.target, .mac = nic.mac});
  }
  return {};
}

std::vector<VmNic> LibvirtSource::read_nics(Description& description, const Nics& nics) {
  std::vector<VmNic> result;
  for (auto& nic : description.nics) {
    if (nic.if_index == 0 && !nic.device.empty()) {
      nic.if_index =
          parse_interface_index(options_.root.attribute("sys/class/net/" + nic.device + "/ifindex"))
              .value_or(0);
    }
    result.push_back(nic);
    const auto counters = std::ranges::find(nics, nic.device, &NicStats::name);
    if (counters != nics.end()) {
      result.back().counters = counters->counters;
    }
  }
  return result;
}

// Disks need a domain's monitor, NICs do not. With NOWAIT a domain whose monitor some other call waits for is
// answered at once, without its disks. The first such call hangs, however; it is left to hang, and the same
// is asked again.
Answer LibvirtSource::read_stats(const std::vector<virDomainPtr>& domains) {
  // Each occupies a thread of libvirtd, which serves no more than 5 calls of one client at once.
  constexpr unsigned kMostAbandoned = 3;
  while (abandoned_->load() < kMostAbandoned) {
    const bool hung = abandoned_->load() > 0;
    auto shared = std::make_shared<std::vector<Domain>>();
    for (auto* domain : domains) {
      if (domain != nullptr) {
        shared->push_back(share(domain));
      }
    }
    auto result = call_with_deadline(
        [shared, domains] {
          return bulk_stats(domains, VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK);
        },
        kMonitorPatience, abandoned_);
    if (result) {
      return {.stats = *std::move(result), .hung = hung};
    }
  }
  return {.stats = bulk_stats(domains, VIR_DOMAIN_STATS_INTERFACE), .hung = true};
}

Result<VirtNode> LibvirtSource::node() {
  const auto memory = parse_file(options_.root, "proc/meminfo", parse_meminfo);
  const auto stat = parse_file(options_.root, "proc/stat", parse_stat);
  const auto mhz = parse_file(options_.root, "proc/cpuinfo", parse_cpu_mhz);
  for (const auto* error :
       {memory ? nullptr : &memory.error(), stat ? nullptr : &stat.error(), mhz ? nullptr : &mhz.error()}) {
    if (error != nullptr) {
      return tl::unexpected(*error);
    }
  }
  return VirtNode{.mhz = mhz->value_or(0),
                  .cpus = *stat ? (*stat)->cpus : 0,
                  .memory = *memory ? (*memory)->total : 0,
                  .memory_free = *memory ? (*memory)->free : 0,
                  .num_domains = 0};
}

} // namespace

std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options) {
  return std::make_unique<LibvirtSource>(options);
}

} // namespace sfa
