#include "vms/libvirt/libvirt_source.hpp"

#include "common/handle.hpp"
#include "sources/adaptors.hpp"
#include "sources/host_descr.hpp"
#include "vms/call_lane.hpp"
#include "vms/libvirt/domain_events.hpp"
#include "vms/libvirt/domain_reader.hpp"
#include "vms/libvirt/event_thread.hpp"
#include "vms/libvirt/kvm_node.hpp"

#include <algorithm>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <map>
#include <utility>

namespace sfa {

namespace {

using namespace std::chrono_literals;
using Lane = CallLane<DomainReader>;
using Connection = Handle<virConnect, virConnectClose>;

constexpr const char* kUsualUri = "qemu:///system";
constexpr const char* kNoAnswer = "libvirt does not answer";

// Together with one call for all NICs, these are how late a VM can be because of others: 1 s, and only in a
// poll in which some begin to hang.
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
  [[nodiscard]] Result<VirtNode> node() override { return node_.read(options_.root); }

private:
  // What the XML says: as long as the devices stay what they are.
  struct Description {
    std::uint32_t machine_type = 0;
    std::uint32_t os_name = 0;
    std::string os_release;
    std::vector<VmNic> nics; // without counters
    bool has_disks = false;
  };
  // One run of a domain.
  struct Known {
    int id = 0;
    std::string name;
    std::optional<Description> description = {};
    StuckCall disks_call = {}; // asked for them
    StuckCall other_call = {}; // asked for all else
    DiskSilence silence = {};
    std::vector<VmDisk> last_disks = {}; // empty: to be read in full
    MonotonicTime sizes_read = {};
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
  [[nodiscard]] std::vector<Lane::Outcome> make_calls(std::size_t count, const Lane::Call& call,
                                                      Lane::Patience patience);
  [[nodiscard]] bool is_silent() const;
  template <class Call, class T = std::invoke_result_t<Call, DomainReader&>>
  [[nodiscard]] std::optional<T> call(StuckCall& stuck, Call call, Lane::Patience patience);
  [[nodiscard]] std::vector<DomainQuestion> questions(std::span<const Uuid> vms);
  void ask_for_nics(std::vector<DomainQuestion>& questions);
  [[nodiscard]] std::vector<DomainQuestion> ask(std::vector<DomainQuestion> questions,
                                                Lane::Patience patience, std::vector<VmReading>& readings);
  [[nodiscard]] VmReading finish(Known& known, DomainAnswer answer);
  [[nodiscard]] static Description describe(const DomainXml& xml);
  [[nodiscard]] std::vector<VmNic> read_nics(Description& description, const std::vector<NicStats>& stats);

  VmSourceOptions options_;
  std::string uri_;
  EventThread event_thread_;
  std::unique_ptr<Events> events_;
  StuckCall opening_;
  Lane lane_;
  std::optional<MonotonicTime> silent_since_; // since then, no call has come back
  StuckCall listing_;
  StuckCall nics_call_;
  std::optional<std::map<Uuid, Known>> domains_; // nothing: not known yet
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
  auto opened = call(
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
    return tl::unexpected(opened->error());
  }
  events_ = **std::move(opened);
  return {};
}

void LibvirtSource::disconnect() {
  domains_.reset();
  lane_.disconnect();
  events_.reset();
  silent_since_.reset();
}

std::vector<Uuid> LibvirtSource::known() const {
  std::vector<Uuid> uuids;
  for (const auto& row : *domains_) {
    uuids.push_back(row.first);
  }
  return uuids;
}

std::vector<Lane::Outcome> LibvirtSource::make_calls(std::size_t count, const Lane::Call& call,
                                                     Lane::Patience patience) {
  auto outcomes = lane_.make_calls(count, call, patience);
  if (std::ranges::any_of(outcomes, &Lane::Outcome::made)) {
    silent_since_.reset();
  } else if (!outcomes.empty()) {
    silent_since_ = silent_since_.value_or(MonotonicTime::clock::now());
  }
  return outcomes;
}

bool LibvirtSource::is_silent() const {
  return silent_since_ && MonotonicTime::clock::now() - *silent_since_ >= kSilence;
}

// Nothing: it is stuck, now or still.
template <class Call, class T>
std::optional<T> LibvirtSource::call(StuckCall& stuck, Call call, Lane::Patience patience) {
  if (is_pending(stuck)) {
    return std::nullopt;
  }
  const auto result = std::make_shared<std::optional<T>>();
  const auto outcomes = make_calls(
      1, [result, call = std::move(call)](DomainReader& reader, std::size_t) { *result = call(reader); },
      patience);
  stuck = outcomes[0].stuck;
  return outcomes[0].made ? std::move(*result) : std::nullopt;
}

// A list that does not come leaves the one that is known in force: it waits for a domain that libvirtd is
// busy with, and the others go on.
Result<std::vector<Uuid>> LibvirtSource::list() {
  node_.forget();
  if (const auto connected = connect(); !connected) {
    return tl::unexpected(connected.error());
  }
  const auto listed = call(
      listing_, [](DomainReader& reader) { return reader.list(); }, domains_ ? kWithoutDisks : kWithTheFirst);
  if (listed && !*listed) {
    disconnect();
    return tl::unexpected(listed->error());
  }
  if (listed) {
    take_list(**listed);
  } else if (!domains_ || is_silent()) {
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
}

Result<std::vector<VmReading>> LibvirtSource::read(std::span<const Uuid> vms) {
  if (!domains_ || !events_ || events_->registered.connection_closed()) {
    return failure("not connected");
  }
  if (lane_.stuck() >= kMostStuck) {
    return failure("{}", kNoAnswer);
  }
  if (listing_ && !is_pending(listing_)) { // what it said is lost
    listing_.reset();
    options_.changed();
  }
  for (const auto& uuid : events_->registered.take_changed()) {
    if (const auto known = domains_->find(uuid); known != domains_->end()) {
      known->second.description.reset();
      known->second.last_disks.clear();
    }
  }
  auto about = questions(vms);
  ask_for_nics(about);
  std::vector<VmReading> readings;
  readings.reserve(about.size());
  about = ask(std::move(about), kWithDisks, readings);
  (void)ask(std::move(about), kWithoutDisks, readings);
  if (readings.empty() && is_silent()) {
    return failure("{}", kNoAnswer);
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
    DomainQuestion question{.uuid = uuid,
                            .disks = disks && !is_pending(known->second.disks_call) &&
                                     (!description || description->has_disks),
                            .xml = !description};
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

// Those that this does not answer are asked for with each domain.
void LibvirtSource::ask_for_nics(std::vector<DomainQuestion>& questions) {
  std::vector<Uuid> uuids;
  for (const auto& question : questions) {
    uuids.push_back(question.uuid);
  }
  auto nics = call(
      nics_call_, [uuids = std::move(uuids)](DomainReader& reader) { return reader.read_nics(uuids); },
      kWithoutDisks);
  for (auto& question : questions) {
    if (auto own = nics ? nics->extract(question.uuid) : NicsByDomain::node_type(); !own.empty()) {
      question.nics = std::move(own.mapped());
    }
  }
}

// Gives the questions to ask again without disks.
std::vector<DomainQuestion> LibvirtSource::ask(std::vector<DomainQuestion> questions, Lane::Patience patience,
                                               std::vector<VmReading>& readings) {
  struct Asked {
    std::vector<DomainQuestion> questions;
    std::vector<std::optional<DomainAnswer>> answers;
  };
  const auto asked = std::make_shared<Asked>();
  asked->answers.resize(questions.size());
  asked->questions = std::move(questions);
  const auto outcomes = make_calls(
      asked->questions.size(),
      [asked](DomainReader& reader, std::size_t i) { asked->answers[i] = reader.read(asked->questions[i]); },
      patience);
  std::vector<DomainQuestion> again;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& question = asked->questions[i];
    auto& known = domains_->at(question.uuid);
    if (!outcomes[i].made) {
      (question.disks ? known.disks_call : known.other_call) = outcomes[i].stuck;
      if (question.disks) {
        again.push_back(question);
        again.back().disks = false;
      }
    } else if (auto& answer = asked->answers[i]) {
      readings.push_back(finish(known, *std::move(answer)));
    }
  }
  return again;
}

VmReading LibvirtSource::finish(Known& known, DomainAnswer answer) {
  auto reading = std::move(answer.reading);
  reading.name = known.name;
  if (answer.xml && *answer.xml) {
    known.description = describe(**answer.xml);
  }
  if (known.description) {
    reading.machine_type = known.description->machine_type;
    reading.os_name = known.description->os_name;
    reading.os_release = known.description->os_release;
    reading.nics = read_nics(*known.description, answer.nics);
    if (!known.description->has_disks) {
      reading.disks.emplace();
    }
  }
  const auto now = MonotonicTime::clock::now();
  if (known.last_disks.empty()) {
    known.sizes_read = now;
  }
  known.last_disks = reading.disks.value_or(std::vector<VmDisk>());
  reading.problem = known.silence.problem(reading.disks.has_value(), is_pending(known.disks_call), now);
  if (answer.xml && !*answer.xml) {
    reading.problem = answer.xml->error().message;
  }
  return reading;
}

LibvirtSource::Description LibvirtSource::describe(const DomainXml& xml) {
  Description result{.machine_type = machine_type(xml.arch),
                     .os_name = os_name(xml.os_id),
                     .os_release = os_release(xml.os_id),
                     .nics = {},
                     .has_disks = xml.has_disks};
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

} // namespace

// A driver that never told of disks has none to miss.
std::string DiskSilence::problem(bool disks, bool stuck, MonotonicTime now) {
  had_disks_ = had_disks_ || disks;
  if (disks || (!stuck && !had_disks_)) {
    since_.reset();
    return {};
  }
  since_ = since_.value_or(now);
  if (now - *since_ < kSilence) {
    return {};
  }
  return stuck ? "QEMU does not answer; its disks are left out" : "its disks are not known now";
}

std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options) {
  return std::make_unique<LibvirtSource>(options);
}

} // namespace sfa
