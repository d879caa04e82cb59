#include "guests/libvirt/domain_reader.hpp"

#include "common/text.hpp"
#include "guests/libvirt/domain_events.hpp"

#include <algorithm>
#include <cstdlib>
#include <libvirt/virterror.h>
#include <span>
#include <utility>

namespace sfa::guests {

namespace {

using Text = Handle<char, std::free>;
using Records = Handle<virDomainStatsRecordPtr, virDomainStatsRecordListFree>;

constexpr std::uint64_t kKibibyte = 1024;

using Parameters = std::span<const virTypedParameter>;

// With NOWAIT, a domain that is busy with another client's call comes without its disks; otherwise we would
// wait.
std::vector<virDomainStatsRecordPtr> read_stats(std::vector<virDomainPtr> domains, unsigned groups,
                                                Records& owner) {
  domains.push_back(nullptr);
  virDomainStatsRecordPtr* list = nullptr;
  const int count =
      virDomainListGetStats(domains.data(), groups, &list, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  owner.reset(list);
  return {list, list + std::max(count, 0)};
}

Parameters parameters(const virDomainStatsRecord& record) {
  return {record.params, static_cast<std::size_t>(record.nparams)};
}

void copy_sizes(const std::vector<VmDisk>& known, std::vector<VmDisk>& disks) {
  for (auto& disk : disks) {
    const auto sizes = std::ranges::find(known, disk.device, &VmDisk::device);
    if (sizes != known.end()) {
      disk.allocation = sizes->allocation;
      disk.physical = sizes->physical;
    }
  }
}

// A negative number means unknown.
std::uint64_t counter(long long value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

// Costs QEMU and libvirtd about two thirds of the bulk call for the same disk, which always includes sizes.
bool read_disk(virDomainPtr domain, VmDisk& disk) {
  virDomainBlockStatsStruct stats{};
  if (virDomainBlockStats(domain, disk.device.c_str(), &stats, sizeof stats) != 0) {
    return false;
  }
  disk.counts_errors = stats.errs >= 0;
  disk.counters = VmDiskCounters{.rd_req = counter(stats.rd_req),
                                 .rd_bytes = counter(stats.rd_bytes),
                                 .wr_req = counter(stats.wr_req),
                                 .wr_bytes = counter(stats.wr_bytes),
                                 .errs = counter(stats.errs)};
  return true;
}

bool read_counters(virDomainPtr domain, const DomainQuestion& question, DomainAnswer& answer) {
  auto known_disks = question.known_disks;
  auto* only_disk = question.disks && !question.all_disks ? find_only_disk(known_disks) : nullptr;
  unsigned groups = 0;
  if (!question.nics) {
    groups |= VIR_DOMAIN_STATS_INTERFACE;
  }
  if (question.disks && only_disk == nullptr) {
    groups |= VIR_DOMAIN_STATS_BLOCK;
  }
  if (groups != 0) {
    Records owner;
    const auto records = read_stats({domain}, groups, owner);
    if (records.empty()) {
      return false;
    }
    const auto params = parameters(*records.front());
    answer.nics = question.nics ? *question.nics : nic_stats(params);
    answer.reading.disks = disk_stats(params);
  }
  auto& disks = answer.reading.disks;
  if (only_disk != nullptr && read_disk(domain, *only_disk)) {
    disks = std::move(known_disks);
  } else if (disks) {
    copy_sizes(known_disks, *disks);
  }
  return true;
}

} // namespace

tl::unexpected<Error> libvirt_failure(std::string_view what) {
  const char* message = virGetLastErrorMessage();
  return failure("{}: {}", what, printable(message == nullptr ? "no reason given" : message, 200));
}

// virConnectIsAlive does not ask libvirtd.
Result<void> DomainReader::connect() {
  if (connection_ && virConnectIsAlive(connection_.get()) == 1) {
    return {};
  }
  domains_.clear();
  connection_.reset(virConnectOpenReadOnly(uri_.c_str()));
  if (!connection_) {
    return libvirt_failure(uri_);
  }
  return {};
}

Result<std::vector<DomainReader::Listed>> DomainReader::list() {
  if (const auto connected = connect(); !connected) {
    return error_of(connected);
  }
  virDomainPtr* list = nullptr;
  const int count = virConnectListAllDomains(connection_.get(), &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  if (count < 0) {
    return libvirt_failure("list domains");
  }
  const Handle<virDomainPtr, std::free> owner(list);
  domains_.clear();
  std::vector<Listed> result;
  for (auto* pointer : std::span(list, static_cast<std::size_t>(count))) {
    Domain domain(pointer);
    result.push_back({.uuid = uuid_of(pointer),
                      .id = static_cast<int>(virDomainGetID(pointer)),
                      .name = virDomainGetName(pointer)});
    domains_.insert_or_assign(result.back().uuid, std::move(domain));
  }
  return result;
}

// Uses the existing connection.
virDomainPtr DomainReader::find(const Uuid& uuid) {
  auto& domain = domains_[uuid];
  if (!domain) {
    domain.reset(virDomainLookupByUUID(connection_.get(), uuid.data()));
  }
  return domain.get();
}

NicsByDomain DomainReader::read_nics(std::span<const Uuid> uuids) {
  if (!connect()) {
    return {};
  }
  std::vector<virDomainPtr> domains;
  std::vector<Uuid> asked;
  for (const auto& uuid : uuids) {
    if (auto* domain = find(uuid); domain != nullptr) {
      domains.push_back(domain);
      asked.push_back(uuid);
    }
  }
  if (domains.empty()) {
    return {};
  }
  Records owner;
  const auto records = read_stats(std::move(domains), VIR_DOMAIN_STATS_INTERFACE, owner);
  // They arrive in the order of `domains`. To ask each record for its UUID costs more than its counters.
  const bool all = records.size() == asked.size();
  NicsByDomain result;
  for (std::size_t i = 0; i < records.size(); ++i) {
    result.insert_or_assign(all ? asked[i] : uuid_of(records[i]->dom), nic_stats(parameters(*records[i])));
  }
  return result;
}

std::vector<VmDisk> DomainReader::read_sizes(const Uuid& uuid, std::vector<VmDisk> disks) {
  auto* domain = connect() ? find(uuid) : nullptr;
  for (auto& disk : disks) {
    virDomainBlockInfo info{};
    if (domain != nullptr && virDomainGetBlockInfo(domain, disk.device.c_str(), &info, 0) == 0) {
      disk.allocation = info.allocation;
      disk.physical = info.physical;
    }
  }
  return disks;
}

std::optional<DomainAnswer> DomainReader::read(const DomainQuestion& question) {
  auto* domain = connect() ? find(question.uuid) : nullptr;
  virDomainInfo info{};
  // Needs no monitor, unlike the statistics of a domain's CPUs and memory.
  if (domain == nullptr || virDomainGetInfo(domain, &info) != 0) {
    return std::nullopt;
  }
  DomainAnswer answer{
      .reading = {.uuid = question.uuid,
                  .cpu = VmCpu{.state = domain_state(info.state),
                               .time_ns = info.cpuTime,
                               .count = info.nrVirtCpu},
                  .memory = VmMemory{.bytes = info.memory * kKibibyte, .max_bytes = info.maxMem * kKibibyte}},
      .nics = question.nics.value_or(std::vector<NicStats>())};
  if (!read_counters(domain, question, answer)) {
    return std::nullopt;
  }
  const auto is_known = [&](const NicStats& nic) {
    return std::ranges::find(question.devices, nic.name) != question.devices.end();
  };
  // A NIC that no event reported is a reason, too.
  if (question.xml || !std::ranges::all_of(answer.nics, is_known)) {
    const Text text(virDomainGetXMLDesc(domain, 0));
    if (!text && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
      return std::nullopt; // it has just stopped
    }
    answer.xml = text ? parse_domain_xml(text.get()) : libvirt_failure("read its XML");
  }
  return answer;
}

} // namespace sfa::guests
