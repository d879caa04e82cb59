// How libvirt is called, so that a QEMU or a libvirtd that hangs delays nobody else.
// list(), when a domain started or stopped, and every now and then:
//   1. Open the connection for events, if there is none or if it broke.
//   2. virConnectListAllDomains.
// read(), at each poll:
//   3. One call for the NICs of all due domains. It asks no QEMU.
//   4. For each due domain, one call for its state, CPU time and memory, and for its disks. Only the disks
//   ask QEMU.
//   5. The same without disks, for each domain whose call in step 4 hung or was not made because of others.
//   6. Once a minute for each domain, a call for the sizes of its disks. It asks QEMU.
//
// What hangs, and why:
//   - A call that asks QEMU waits in libvirtd for QEMU's monitor, as long as that QEMU is stopped or blocked.
//   - Any call may wait for a domain that libvirtd holds, as while it kills a QEMU that does not end.
//   - Every call waits while libvirtd itself is stopped.
//
// What happens then: a CallLane makes each call. One that is not back in time keeps its thread and its
// connection, and the next call gets new ones. The same data is not asked for again while it is out
// (DomainCalls, CommonCall): the domain is read without disks, or not at all; the known list stays.
// LibvirtCalls limits the number of such calls. docs/decisions/0016-virtual-machines.md has the measurements
// behind this.
#include "guests/libvirt/libvirt_source.hpp"

#include "guests/host_node.hpp"
#include "guests/libvirt/disk_silence.hpp"
#include "guests/libvirt/domain_events.hpp"
#include "guests/libvirt/domain_reader.hpp"
#include "guests/libvirt/event_thread.hpp"
#include "guests/libvirt/known_domain.hpp"
#include "guests/libvirt/libvirt_calls.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <utility>

namespace sfa::guests {

namespace {

constexpr const char* kUsualUri = "qemu:///system";
constexpr const char* kNoAnswer = "libvirt does not answer";

class LibvirtSource final : public VmSource {
public:
  explicit LibvirtSource(VmSourceOptions options)
      : options_(std::move(options)), uri_(options_.uri.empty() ? kUsualUri : options_.uri), calls_(uri_) {
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {}); // otherwise libvirt prints errors
  }
  LibvirtSource(const LibvirtSource&) = delete;
  LibvirtSource& operator=(const LibvirtSource&) = delete;
  LibvirtSource(LibvirtSource&&) = delete;
  LibvirtSource& operator=(LibvirtSource&&) = delete;
  ~LibvirtSource() override { disconnect(); }

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return node_.read(options_.root); }

private:
  using Questions = std::vector<DomainQuestion>;
  using Readings = std::vector<VmReading>;

  [[nodiscard]] Result<void> connect();
  void disconnect();
  void take_list(const std::vector<DomainReader::Listed>& listed);
  void take_events();
  [[nodiscard]] Questions questions(std::span<const Uuid> vms);
  void ask_for_nics(Questions& questions);
  [[nodiscard]] Questions ask(Questions questions, Readings& readings);
  void take_answer(const DomainQuestion& question, DomainAnswer answer, Readings& readings);
  void ask_for_sizes(Readings& readings);

  VmSourceOptions options_;
  std::string uri_;
  EventThread event_thread_;
  std::unique_ptr<DomainEvents> events_; // null while not connected
  LibvirtCalls calls_;
  std::optional<std::map<Uuid, KnownDomain>> domains_; // nullopt until the first list
  std::map<Uuid, DiskSilence> silences_;               // outlive a connection
  HostNode node_;
};

// If no list arrives, the known one stays: libvirtd may be busy with one domain, and the others continue.
Result<VmList> LibvirtSource::list() {
  node_.forget();
  if (const auto connected = connect(); !connected) {
    return error_of(connected);
  }
  const auto listed = calls_.make_one(
      CommonCall::kList, [](DomainReader& reader) { return reader.list(); },
      domains_ ? LibvirtCalls::with_all(domains_->size()) : LibvirtCalls::kWithTheFirst);
  if (listed && !*listed) {
    disconnect();
    return error_of(*listed);
  }
  if (listed) {
    take_list(**listed);
  }
  if (!domains_ || calls_.is_silent() || !calls_.may_ask()) {
    return failure("{}", kNoAnswer);
  }
  VmList result;
  for (const auto& row : *domains_) {
    result.vms.push_back(row.first);
  }
  return result;
}

Result<void> LibvirtSource::connect() {
  if (events_ && !events_->connection_closed()) {
    return {};
  }
  disconnect();
  if (auto started = event_thread_.start(); !started) {
    return started;
  }
  auto opened = calls_.make_one(
      CommonCall::kOpen,
      [uri = uri_, changed = options_.changed](DomainReader&) { return DomainEvents::open(uri, changed); },
      LibvirtCalls::kWithTheFirst);
  if (!opened) {
    return failure("{}", kNoAnswer);
  }
  if (!*opened) {
    return error_of(*opened);
  }
  events_ = **std::move(opened);
  return {};
}

void LibvirtSource::disconnect() {
  domains_.reset();
  if (events_) { // to close the connection may hang, too
    const auto events = std::make_shared<std::unique_ptr<DomainEvents>>(std::move(events_));
    (void)calls_.make(
        1, [events](DomainReader&, std::size_t) { events->reset(); }, LibvirtCalls::kWithEach);
  }
  calls_.disconnect();
}

void LibvirtSource::take_list(const std::vector<DomainReader::Listed>& listed) {
  auto old = std::exchange(domains_, std::map<Uuid, KnownDomain>()).value_or(std::map<Uuid, KnownDomain>());
  for (const auto& [uuid, id, name] : listed) {
    const auto before = old.find(uuid);
    const bool same_run = before != old.end() && before->second.is_run(id);
    domains_->insert_or_assign(uuid, same_run ? std::move(before->second) : KnownDomain(id, name));
  }
  std::erase_if(silences_, [&](const auto& row) { return !domains_->contains(row.first); });
}

Result<std::vector<VmReading>> LibvirtSource::read(std::span<const Uuid> vms) {
  if (!domains_ || !events_ || events_->connection_closed()) {
    return failure("not connected");
  }
  if (!calls_.may_ask()) {
    return failure("{}", kNoAnswer);
  }
  if (calls_.take_late_return(CommonCall::kList)) {
    options_.changed(); // list again
  }
  take_events();
  auto about = questions(vms);
  ask_for_nics(about);
  Readings readings;
  readings.reserve(about.size());
  about = ask(std::move(about), readings);
  (void)ask(std::move(about), readings); // domains that are still not read wait for the next poll
  ask_for_sizes(readings);
  if (readings.empty() && calls_.is_silent()) {
    return failure("{}", kNoAnswer);
  }
  return readings;
}

void LibvirtSource::take_events() {
  for (const auto& uuid : events_->take_changed()) {
    if (const auto known = domains_->find(uuid); known != domains_->end()) {
      known->second.devices_changed();
    }
  }
}

LibvirtSource::Questions LibvirtSource::questions(std::span<const Uuid> vms) {
  const bool disks_wanted = calls_.may_ask_monitors();
  const auto now = MonotonicTime::clock::now();
  Questions result;
  for (const auto& uuid : vms) {
    const auto known = domains_->find(uuid);
    if (known != domains_->end() && known->second.calls.may_ask()) {
      result.push_back(known->second.question(uuid, disks_wanted, now));
    }
  }
  return result;
}

// Domains whose NICs this does not return are asked for them one by one.
void LibvirtSource::ask_for_nics(Questions& questions) {
  std::vector<Uuid> uuids;
  uuids.reserve(questions.size());
  for (const auto& question : questions) {
    uuids.push_back(question.uuid);
  }
  const auto patience = LibvirtCalls::with_all(uuids.size());
  auto nics = calls_.make_one(
      CommonCall::kNics, [uuids = std::move(uuids)](DomainReader& reader) { return reader.read_nics(uuids); },
      patience);
  for (auto& question : questions) {
    if (auto own = nics ? nics->extract(question.uuid) : NicsByDomain::node_type(); !own.empty()) {
      question.nics = std::move(own.mapped());
    }
  }
}

// Returns the questions that are worth repeating without disks.
LibvirtSource::Questions LibvirtSource::ask(Questions questions, Readings& readings) {
  struct Asked { // shared with calls that may be stuck
    Questions questions;
    std::vector<std::optional<DomainAnswer>> answers;
  };
  const auto asked = std::make_shared<Asked>();
  asked->answers.resize(questions.size());
  asked->questions = std::move(questions);
  const auto outcomes = calls_.make(
      asked->questions.size(),
      [asked](DomainReader& reader, std::size_t i) { asked->answers[i] = reader.read(asked->questions[i]); },
      LibvirtCalls::kWithEach);
  Questions again;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& question = asked->questions[i];
    auto& calls = domains_->at(question.uuid).calls;
    if (outcomes[i].made) {
      if (auto& answer = asked->answers[i]) {
        take_answer(question, *std::move(answer), readings);
      }
      continue;
    }
    if (outcomes[i].stuck) {
      question.disks ? calls.disks_stuck(outcomes[i].stuck) : calls.basics_stuck(outcomes[i].stuck);
    }
    if (calls.may_ask()) {
      again.push_back(question);
      again.back().disks = false;
    }
  }
  return again;
}

void LibvirtSource::take_answer(const DomainQuestion& question, DomainAnswer answer, Readings& readings) {
  const auto now = MonotonicTime::clock::now();
  auto& known = domains_->at(question.uuid);
  auto reading = known.complete(question, std::move(answer), options_.root, now);
  const auto silence =
      silences_[question.uuid].problem(reading.disks.has_value(), known.calls.is_disk_call_out(), now);
  if (reading.problem.empty()) {
    reading.problem = silence;
  }
  readings.push_back(std::move(reading));
}

void LibvirtSource::ask_for_sizes(Readings& readings) {
  const auto now = MonotonicTime::clock::now();
  struct Asked { // shared with calls that may be stuck
    std::vector<Uuid> uuids;
    std::vector<std::vector<VmDisk>> disks;
  };
  const auto asked = std::make_shared<Asked>();
  std::vector<VmReading*> due;
  for (auto& reading : readings) {
    if (domains_->at(reading.uuid).wants_sizes(reading, now)) {
      due.push_back(&reading);
      asked->uuids.push_back(reading.uuid);
      asked->disks.push_back(*reading.disks);
    }
  }
  const auto outcomes = calls_.make(
      due.size(),
      [asked](DomainReader& reader, std::size_t i) {
        asked->disks[i] = reader.read_sizes(asked->uuids[i], std::move(asked->disks[i]));
      },
      LibvirtCalls::kWithSizes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    auto& known = domains_->at(due[i]->uuid);
    if (outcomes[i].made) {
      due[i]->disks = asked->disks[i];
      known.take_sizes(std::move(asked->disks[i]), now);
    } else if (outcomes[i].stuck) {
      known.sizes_stuck(outcomes[i].stuck, now);
    }
  }
}

} // namespace

std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options) {
  return std::make_unique<LibvirtSource>(options);
}

} // namespace sfa::guests
