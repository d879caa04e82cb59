#include "vms/libvirt/libvirt_source.hpp"

#include "common/handle.hpp"
#include "sources/adaptors.hpp"
#include "sources/cpu.hpp"
#include "sources/host_descr.hpp"
#include "sources/memory.hpp"
#include "vms/call_lane.hpp"
#include "vms/libvirt/domain_events.hpp"
#include "vms/libvirt/domain_reader.hpp"
#include "vms/libvirt/event_thread.hpp"

#include <algorithm>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <utility>

namespace sfa {

namespace {

using namespace std::chrono_literals;
using Lane = CallLane<DomainReader>;

constexpr const char* kUsualUri = "qemu:///system";

// Together, these are how late a VM can be because of others: 900 ms, and only in a poll in which one begins
// to hang.
constexpr Lane::Patience kWithDisks{.with_each = kPatience, .most_stuck = 2};
constexpr Lane::Patience kWithoutDisks{.with_each = kPatience, .most_stuck = 1};
// Of the list, before which there is nobody to be late.
constexpr Lane::Patience kWithTheFirst{.with_each = 5s, .most_stuck = 1};

// Each stuck call occupies a thread of libvirtd, which has 20 for all its clients.
constexpr std::size_t kMostMonitorsStuck = 8;
constexpr std::size_t kMostStuck = 12;

// Sizes cost a call of QEMU for each disk, and change slowly.
constexpr std::chrono::seconds kSizesLast{60};

bool is_pending(const StuckCall& call) {
  return call && !call->load();
}

class LibvirtSource final : public VmSource {
public:
  explicit LibvirtSource(VmSourceOptions options)
      : options_(std::move(options)), uri_(options_.uri.empty() ? kUsualUri : options_.uri),
        lane_([uri = uri_] { return std::make_unique<DomainReader>(uri); }) {
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
  // One run of a domain.
  struct Known {
    int id = 0;
    std::optional<Description> description = {};
    StuckCall disks_call = {}; // asked for them
    StuckCall other_call = {}; // asked for all else
    DiskSilence silence = {};
    std::vector<VmDisk> last_disks = {}; // empty: to be read in full
    MonotonicTime sizes_read = {};
  };
  // Of the whole machine.
  struct Processors {
    std::uint32_t mhz = 0;
    std::uint32_t count = 0;
  };
  using Listing = Result<std::vector<DomainReader::Listed>>;
  using Answers = std::map<Uuid, DomainAnswer>;

  [[nodiscard]] Result<void> connect();
  void disconnect();
  [[nodiscard]] std::vector<Uuid> known() const;
  void take_list(const std::vector<DomainReader::Listed>& listed);
  [[nodiscard]] std::vector<DomainQuestion> questions(std::span<const Uuid> vms);
  [[nodiscard]] std::vector<DomainQuestion> ask(std::vector<DomainQuestion> questions,
                                                Lane::Patience patience, Answers& answers);
  [[nodiscard]] VmReading finish(Known& known, DomainAnswer answer);
  [[nodiscard]] static Description describe(const DomainXml& xml);
  [[nodiscard]] std::vector<VmNic> read_nics(Description& description, const std::vector<NicStats>& stats);

  VmSourceOptions options_;
  std::string uri_;
  EventThread event_thread_;
  Handle<virConnect, virConnectClose> connection_; // for events: no call through it waits for a domain
  std::unique_ptr<DomainEvents> events_;
  Lane lane_; // for all else
  StuckCall listing_;
  std::optional<std::map<Uuid, Known>> domains_; // nothing: not known yet
  std::optional<Processors> processors_;         // as of the last list(): they hardly change
};

Result<void> LibvirtSource::connect() {
  if (connection_ && (!events_ || !events_->connection_closed())) {
    return {};
  }
  disconnect();
  if (!event_thread_.failure_text().empty()) {
    return failure("{}", event_thread_.failure_text());
  }
  connection_.reset(virConnectOpenReadOnly(uri_.c_str()));
  if (!connection_) {
    return libvirt_failure(uri_);
  }
  events_ = std::make_unique<DomainEvents>(connection_.get(), options_.changed);
  return {};
}

void LibvirtSource::disconnect() {
  domains_.reset();
  lane_.disconnect();
  events_.reset();
  connection_.reset();
}

std::vector<Uuid> LibvirtSource::known() const {
  std::vector<Uuid> uuids;
  for (const auto& row : *domains_) {
    uuids.push_back(row.first);
  }
  return uuids;
}

// A list that does not come leaves the one that is known in force: it waits for a domain that libvirtd is
// busy with, and the others go on.
Result<std::vector<Uuid>> LibvirtSource::list() {
  processors_.reset();
  if (const auto connected = connect(); !connected) {
    return tl::unexpected(connected.error());
  }
  const auto shared = std::make_shared<Listing>();
  if (!is_pending(listing_)) {
    const auto outcomes = lane_.make_calls({[shared](DomainReader& reader) { *shared = reader.list(); }},
                                           domains_ ? kWithoutDisks : kWithTheFirst);
    listing_ = outcomes[0].stuck;
  }
  if (!listing_ && !*shared) {
    disconnect();
    return tl::unexpected(shared->error());
  }
  if (!listing_) {
    take_list(**shared);
  } else if (!domains_) {
    return failure("libvirt does not answer");
  }
  return known();
}

void LibvirtSource::take_list(const std::vector<DomainReader::Listed>& listed) {
  auto old = std::exchange(domains_, std::map<Uuid, Known>()).value_or(std::map<Uuid, Known>());
  for (const auto& [uuid, id] : listed) {
    const auto before = old.find(uuid);
    const bool same_run = before != old.end() && before->second.id == id;
    domains_->insert_or_assign(uuid, same_run ? std::move(before->second) : Known{.id = id});
  }
}

Result<std::vector<VmReading>> LibvirtSource::read(std::span<const Uuid> vms) {
  if (!domains_ || !events_ || events_->connection_closed()) {
    return failure("not connected");
  }
  if (lane_.stuck() >= kMostStuck) {
    return failure("libvirt does not answer");
  }
  if (listing_ && !is_pending(listing_)) { // what it said is lost
    listing_.reset();
    options_.changed();
  }
  for (const auto& uuid : events_->take_changed()) {
    if (const auto known = domains_->find(uuid); known != domains_->end()) {
      known->second.description.reset();
      known->second.last_disks.clear();
    }
  }
  Answers answers;
  auto again = ask(questions(vms), kWithDisks, answers);
  (void)ask(std::move(again), kWithoutDisks, answers);
  std::vector<VmReading> readings;
  for (auto& [uuid, answer] : answers) {
    readings.push_back(finish(domains_->at(uuid), std::move(answer)));
  }
  return readings;
}

std::vector<DomainQuestion> LibvirtSource::questions(std::span<const Uuid> vms) {
  const bool disks = lane_.stuck() < kMostMonitorsStuck;
  const auto now = MonotonicTime::clock::now();
  std::vector<DomainQuestion> result;
  for (const auto& uuid : vms) {
    const auto known = domains_->find(uuid);
    if (known == domains_->end() || is_pending(known->second.other_call)) {
      continue;
    }
    const auto& description = known->second.description;
    DomainQuestion question{
        .uuid = uuid, .disks = disks && !is_pending(known->second.disks_call), .xml = !description};
    if (now - known->second.sizes_read >= kSizesLast) {
      known->second.last_disks.clear();
    }
    question.known_disks = known->second.last_disks;
    for (const auto& nic : description ? description->nics : std::vector<VmNic>()) {
      question.devices.push_back(nic.device);
    }
    result.push_back(std::move(question));
  }
  return result;
}

// Gives the questions to ask again without disks.
std::vector<DomainQuestion> LibvirtSource::ask(std::vector<DomainQuestion> questions, Lane::Patience patience,
                                               Answers& answers) {
  struct Asked {
    DomainQuestion question;
    std::optional<DomainAnswer> answer = {};
  };
  const auto asked = std::make_shared<std::vector<Asked>>();
  std::vector<Lane::Call> calls;
  for (auto& question : questions) {
    calls.emplace_back([asked, i = calls.size()](DomainReader& reader) {
      (*asked)[i].answer = reader.read((*asked)[i].question);
    });
    asked->push_back({std::move(question)});
  }
  const auto outcomes = lane_.make_calls(std::move(calls), patience);
  std::vector<DomainQuestion> again;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& question = (*asked)[i].question;
    if (outcomes[i].made) {
      if (auto& answer = (*asked)[i].answer) {
        answers.insert_or_assign(question.uuid, *std::move(answer));
      }
      continue;
    }
    auto& known = domains_->at(question.uuid);
    (question.disks ? known.disks_call : known.other_call) = outcomes[i].stuck;
    if (question.disks) {
      again.push_back(question);
      again.back().disks = false;
    }
  }
  return again;
}

VmReading LibvirtSource::finish(Known& known, DomainAnswer answer) {
  auto reading = std::move(answer.reading);
  const auto now = MonotonicTime::clock::now();
  reading.problem = known.silence.problem(reading.disks.has_value(), is_pending(known.disks_call), now);
  if (known.last_disks.empty()) {
    known.sizes_read = now;
  }
  known.last_disks = reading.disks.value_or(std::vector<VmDisk>());
  if (answer.xml && *answer.xml) {
    known.description = describe(**answer.xml);
  } else if (answer.xml) {
    reading.problem = answer.xml->error().message;
  }
  if (known.description) {
    reading.machine_type = known.description->machine_type;
    reading.os_name = known.description->os_name;
    reading.os_release = known.description->os_release;
    reading.nics = read_nics(*known.description, answer.nics);
  }
  return reading;
}

LibvirtSource::Description LibvirtSource::describe(const DomainXml& xml) {
  Description result{.machine_type = machine_type(xml.arch),
                     .os_name = os_name(xml.os_id),
                     .os_release = os_release(xml.os_id),
                     .nics = {}};
  for (const auto& nic : xml.nics) {
    result.nics.push_back({.device = nic.target, .mac = nic.mac});
  }
  return result;
}

std::vector<VmNic> LibvirtSource::read_nics(Description& description, const std::vector<NicStats>& stats) {
  std::vector<VmNic> result;
  for (auto& nic : description.nics) {
    if (nic.if_index == 0 && !nic.device.empty()) {
      nic.if_index =
          parse_interface_index(options_.root.attribute("sys/class/net/" + nic.device + "/ifindex"))
              .value_or(0);
    }
    result.push_back(nic);
    const auto counters = std::ranges::find(stats, nic.device, &NicStats::name);
    if (counters != stats.end()) {
      result.back().counters = counters->counters;
    }
  }
  return result;
}

Result<VirtNode> LibvirtSource::node() {
  if (!processors_) {
    const auto stat = parse_file(options_.root, "proc/stat", parse_stat);
    const auto mhz = parse_file(options_.root, "proc/cpuinfo", parse_cpu_mhz);
    if (!stat || !mhz) {
      return tl::unexpected(stat ? mhz.error() : stat.error());
    }
    processors_ = Processors{.mhz = mhz->value_or(0), .count = *stat ? (*stat)->cpus : 0};
  }
  const auto memory = parse_file(options_.root, "proc/meminfo", parse_meminfo);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  return VirtNode{.mhz = processors_->mhz,
                  .cpus = processors_->count,
                  .memory = *memory ? (*memory)->total : 0,
                  .memory_free = *memory ? (*memory)->free : 0,
                  .num_domains = 0};
}

} // namespace

// A driver that never told of disks has none to miss.
std::string DiskSilence::problem(bool disks, bool stuck, MonotonicTime now) {
  had_disks_ = had_disks_ || disks;
  if (disks || (!stuck && !had_disks_)) {
    since_.reset();
    return {};
  }
  since_ = since_.value_or(now);
  if (now - *since_ < kPatience) {
    return {};
  }
  return stuck ? "QEMU does not answer; its disks are left out" : "its disks are not known now";
}

std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options) {
  return std::make_unique<LibvirtSource>(options);
}

} // namespace sfa
