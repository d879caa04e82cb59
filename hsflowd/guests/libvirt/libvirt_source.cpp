#include "guests/libvirt/libvirt_source.hpp"

#include "common/handle.hpp"
#include "guests/libvirt/disk_silence.hpp"
#include "guests/libvirt/domain_calls.hpp"
#include "guests/libvirt/domain_description.hpp"
#include "guests/libvirt/domain_events.hpp"
#include "guests/libvirt/domain_reader.hpp"
#include "guests/libvirt/event_thread.hpp"
#include "guests/libvirt/kvm_node.hpp"

#include <algorithm>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <utility>

namespace sfa::guests {

namespace {

using namespace std::chrono_literals;
using Lane = DomainCalls::Lane;
using Connection = Handle<virConnect, virConnectClose>;

constexpr const char* kUsualUri = "qemu:///system";
constexpr const char* kNoAnswer = "libvirt does not answer";

// How long others wait for a call about one domain. One that takes longer is about a QEMU that does not
// answer or a domain that libvirtd holds; or the machine is busy.
constexpr std::chrono::milliseconds kPatience{250};
constexpr Lane::Patience kWithEach{.with_each = kPatience, .most_stuck = 2};
constexpr Lane::Patience kWithSizes{.with_each = kPatience, .most_stuck = 1};
// Of the list, before which there is nobody to be late.
constexpr Lane::Patience kWithTheFirst{.with_each = 5s, .most_stuck = 1};
// Through a new connection each domain is looked up first.
Lane::Patience with_all(std::size_t domains) {
  return {.with_each = kPatience + domains * 5ms, .most_stuck = 1};
}

// Each stuck call occupies a thread of libvirtd, which has 20 for all its clients.
constexpr std::size_t kMostMonitorsStuck = 8;
constexpr std::size_t kMostStuck = 16;

// All disks, and sizes, which cost a call of QEMU for each, change slowly.
constexpr std::chrono::seconds kDisksLast{60};

bool is_due(const std::optional<MonotonicTime>& last, MonotonicTime now) {
  return !last || now - *last >= kDisksLast;
}

class LibvirtSource final : public VmSource {
public:
  explicit LibvirtSource(VmSourceOptions options)
      : options_(std::move(options)), uri_(options_.uri.empty() ? kUsualUri : options_.uri), calls_(uri_) {
    // Otherwise libvirt prints errors.
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  }
  LibvirtSource(const LibvirtSource&) = delete;
  LibvirtSource& operator=(const LibvirtSource&) = delete;
  LibvirtSource(LibvirtSource&&) = delete;
  LibvirtSource& operator=(LibvirtSource&&) = delete;
  ~LibvirtSource() override { disconnect(); }

  [[nodiscard]] Result<std::vector<Uuid>> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return node_.read(options_.root); }

private:
  // One run of a domain.
  struct Known {
    int id = 0;
    std::string name;
    std::optional<DomainDescription> description = {};
    StuckCall disks_call = {}; // asked for them
    StuckCall sizes_call = {};
    StuckCall other_call = {}; // asked for all else
    std::vector<VmDisk> last_disks = {};
    std::optional<MonotonicTime> all_disks_read = {};
    std::optional<MonotonicTime> sizes_read = {};
  };
  // No call through this connection waits for a domain.
  struct Events {
    Events(Connection opened, std::function<void()> changed)
        : connection(std::move(opened)), registered(connection.get(), std::move(changed)) {}
    Connection connection;
    DomainEvents registered;
  };
  [[nodiscard]] Result<void> connect();
  void disconnect();
  [[nodiscard]] std::vector<Uuid> known() const;
  void take_list(const std::vector<DomainReader::Listed>& listed);
  [[nodiscard]] std::vector<DomainQuestion> questions(std::span<const Uuid> vms);
  void ask_for_nics(std::vector<DomainQuestion>& questions);
  [[nodiscard]] std::vector<DomainQuestion> ask(std::vector<DomainQuestion> questions,
                                                std::vector<VmReading>& readings);
  void ask_for_sizes(std::vector<VmReading>& readings);
  [[nodiscard]] VmReading finish(Known& known, const DomainQuestion& question, DomainAnswer answer);

  VmSourceOptions options_;
  std::string uri_;
  EventThread event_thread_;
  std::unique_ptr<Events> events_;
  StuckCall opening_;
  StuckCall closing_;
  DomainCalls calls_;
  StuckCall listing_;
  StuckCall nics_call_;
  std::optional<std::map<Uuid, Known>> domains_; // nothing: not known yet
  std::map<Uuid, DiskSilence> silences_; // of those and, while the connection is lost, of the last ones
  KvmNode node_;
};

Result<void> LibvirtSource::connect() {
  if (events_ && !events_->registered.connection_closed()) {
    return {};
  }
  disconnect();
  if (!event_thread_.failure_text().empty()) {
    return failure("{}", event_thread_.failure_text());
  }
  auto opened = calls_.make_one(
      opening_,
      [uri = uri_, changed = options_.changed](DomainReader&) -> Result<std::unique_ptr<Events>> {
        Connection connection(virConnectOpenReadOnly(uri.c_str()));
        if (!connection) {
          return libvirt_failure(uri);
        }
        return std::make_unique<Events>(std::move(connection), changed);
      },
      kWithTheFirst);
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
  if (events_) { // it is told over the connection, which may hang
    const auto events = std::make_shared<std::unique_ptr<Events>>(std::move(events_));
    (void)calls_.make_one(
        closing_,
        [events](DomainReader&) {
          events->reset();
          return true;
        },
        kWithEach);
  }
  calls_.disconnect();
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
  node_.forget();
  if (const auto connected = connect(); !connected) {
    return error_of(connected);
  }
  const auto listed = calls_.make_one(
      listing_, [](DomainReader& reader) { return reader.list(); },
      domains_ ? with_all(domains_->size()) : kWithTheFirst);
  if (listed && !*listed) {
    disconnect();
    return error_of(*listed);
  }
  if (listed) {
    take_list(**listed);
  }
  if (!domains_ || calls_.is_silent() || calls_.stuck() >= kMostStuck) {
    return failure("{}", kNoAnswer);
  }
  return known();
}

void LibvirtSource::take_list(const std::vector<DomainReader::Listed>& listed) {
  auto old = std::exchange(domains_, std::map<Uuid, Known>()).value_or(std::map<Uuid, Known>());
  for (const auto& [uuid, id, name] : listed) {
    const auto before = old.find(uuid);
    const bool same_run = before != old.end() && before->second.id == id;
    domains_->insert_or_assign(uuid, same_run ? std::move(before->second) : Known{.id = id, .name = name});
  }
  std::erase_if(silences_, [&](const auto& row) { return !domains_->contains(row.first); });
}

Result<std::vector<VmReading>> LibvirtSource::read(std::span<const Uuid> vms) {
  if (!domains_ || !events_ || events_->registered.connection_closed()) {
    return failure("not connected");
  }
  if (calls_.stuck() >= kMostStuck) {
    return failure("{}", kNoAnswer);
  }
  if (listing_ && !is_pending(listing_)) { // what it said is lost
    listing_.reset();
    options_.changed();
  }
  for (const auto& uuid : events_->registered.take_changed()) {
    if (const auto known = domains_->find(uuid); known != domains_->end()) {
      known->second.description.reset();
      known->second.all_disks_read.reset();
      known->second.sizes_read.reset();
    }
  }
  auto about = questions(vms);
  ask_for_nics(about);
  std::vector<VmReading> readings;
  readings.reserve(about.size());
  about = ask(std::move(about), readings);
  (void)ask(std::move(about), readings); // who is behind even more that hang waits for the next poll
  ask_for_sizes(readings);
  if (readings.empty() && calls_.is_silent()) {
    return failure("{}", kNoAnswer);
  }
  return readings;
}

std::vector<DomainQuestion> LibvirtSource::questions(std::span<const Uuid> vms) {
  const bool disks = calls_.stuck() < kMostMonitorsStuck;
  const auto now = MonotonicTime::clock::now();
  std::vector<DomainQuestion> result;
  for (const auto& uuid : vms) {
    const auto known = domains_->find(uuid);
    if (known == domains_->end() || is_pending(known->second.other_call)) {
      continue;
    }
    const auto& description = known->second.description;
    DomainQuestion question{.uuid = uuid,
                            .disks = disks && !is_pending(known->second.disks_call) &&
                                     (!description || description->has_disks),
                            .xml = !description};
    question.known_disks = known->second.last_disks;
    question.all_disks = is_due(known->second.all_disks_read, now);
    for (const auto& nic : description ? description->nics : std::vector<VmNic>()) {
      question.devices.push_back(nic.device);
    }
    result.push_back(std::move(question));
  }
  return result;
}

// Those that this does not answer are asked for with each domain.
void LibvirtSource::ask_for_nics(std::vector<DomainQuestion>& questions) {
  std::vector<Uuid> uuids;
  uuids.reserve(questions.size());
  for (const auto& question : questions) {
    uuids.push_back(question.uuid);
  }
  const auto patience = with_all(uuids.size());
  auto nics = calls_.make_one(
      nics_call_, [uuids = std::move(uuids)](DomainReader& reader) { return reader.read_nics(uuids); },
      patience);
  for (auto& question : questions) {
    if (auto own = nics ? nics->extract(question.uuid) : NicsByDomain::node_type(); !own.empty()) {
      question.nics = std::move(own.mapped());
    }
  }
}

// Gives the questions to ask again, without disks.
std::vector<DomainQuestion> LibvirtSource::ask(std::vector<DomainQuestion> questions,
                                               std::vector<VmReading>& readings) {
  struct Asked {
    std::vector<DomainQuestion> questions;
    std::vector<std::optional<DomainAnswer>> answers;
  };
  const auto asked = std::make_shared<Asked>();
  asked->answers.resize(questions.size());
  asked->questions = std::move(questions);
  const auto outcomes = calls_.make(
      asked->questions.size(),
      [asked](DomainReader& reader, std::size_t i) { asked->answers[i] = reader.read(asked->questions[i]); },
      kWithEach);
  std::vector<DomainQuestion> again;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& question = asked->questions[i];
    auto& known = domains_->at(question.uuid);
    if (outcomes[i].made) {
      if (auto& answer = asked->answers[i]) {
        readings.push_back(finish(known, question, *std::move(answer)));
      }
      continue;
    }
    if (outcomes[i].stuck) {
      (question.disks ? known.disks_call : known.other_call) = outcomes[i].stuck;
    }
    if (question.disks || !outcomes[i].stuck) {
      again.push_back(question);
      again.back().disks = false;
    }
  }
  return again;
}

// Those that are stuck keep the sizes of last time, or at first what the statistics in bulk say.
void LibvirtSource::ask_for_sizes(std::vector<VmReading>& readings) {
  const auto now = MonotonicTime::clock::now();
  std::vector<VmReading*> due;
  struct Asked {
    std::vector<Uuid> uuids;
    std::vector<std::vector<VmDisk>> disks;
  };
  const auto asked = std::make_shared<Asked>();
  for (auto& reading : readings) {
    const auto& known = domains_->at(reading.uuid);
    if (reading.disks && !reading.disks->empty() && is_due(known.sizes_read, now) &&
        !is_pending(known.sizes_call)) {
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
      kWithSizes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    auto& known = domains_->at(due[i]->uuid);
    if (outcomes[i].made) {
      due[i]->disks = known.last_disks = std::move(asked->disks[i]);
    }
    if (outcomes[i].made || outcomes[i].stuck) {
      known.sizes_read = now;
      known.sizes_call = outcomes[i].stuck;
    }
  }
}

VmReading LibvirtSource::finish(Known& known, const DomainQuestion& question, DomainAnswer answer) {
  auto reading = std::move(answer.reading);
  reading.name = known.name;
  if (answer.xml && *answer.xml) {
    known.description = describe_domain(**answer.xml);
  }
  if (known.description) {
    reading.machine_type = known.description->machine_type;
    reading.os_name = known.description->os_name;
    reading.os_release = known.description->os_release;
    reading.nics = read_nics(*known.description, answer.nics, options_.root);
    if (!known.description->has_disks) {
      reading.disks.emplace();
    }
  }
  const auto now = MonotonicTime::clock::now();
  if (reading.disks) {
    known.last_disks = *reading.disks;
  }
  if (question.disks && question.all_disks && reading.disks) {
    known.all_disks_read = now;
  } else if (question.disks && !reading.disks) {
    known.all_disks_read.reset();
  }
  reading.problem =
      silences_[reading.uuid].problem(reading.disks.has_value(), is_pending(known.disks_call), now);
  if (answer.xml && !*answer.xml) {
    reading.problem = answer.xml->error().message;
  }
  return reading;
}

} // namespace

std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options) {
  return std::make_unique<LibvirtSource>(options);
}

} // namespace sfa::guests
