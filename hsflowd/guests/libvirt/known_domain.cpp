#include "guests/libvirt/known_domain.hpp"

namespace sfa::guests {

namespace {

// How long to use the last list of disks, and their sizes. Both change slowly, and sizes cost QEMU a call
// each.
constexpr std::chrono::seconds kDisksLast{60};

bool is_due(const std::optional<MonotonicTime>& last, MonotonicTime now) {
  return !last || now - *last >= kDisksLast;
}

} // namespace

void KnownDomain::devices_changed() {
  description_.reset();
  all_disks_read_.reset();
  sizes_read_.reset();
}

DomainQuestion KnownDomain::question(const Uuid& uuid, bool disks_wanted, MonotonicTime now) const {
  const bool has_disks = !description_ || description_->has_disks;
  DomainQuestion question{.uuid = uuid,
                          .disks = disks_wanted && has_disks && calls.may_ask_for_disks(),
                          .known_disks = last_disks_,
                          .all_disks = is_due(all_disks_read_, now),
                          .xml = !description_};
  for (const auto& nic : description_ ? description_->nics : std::vector<VmNic>()) {
    question.devices.push_back(nic.device);
  }
  return question;
}

VmReading KnownDomain::complete(const DomainQuestion& question, DomainAnswer answer,
                                const host::SysRoot& root, MonotonicTime now) {
  auto reading = std::move(answer.reading);
  reading.name = name_;
  if (answer.xml && *answer.xml) {
    description_ = describe_domain(**answer.xml);
  }
  if (description_) {
    reading.machine_type = description_->machine_type;
    reading.os_name = description_->os_name;
    reading.os_release = description_->os_release;
    reading.nics = read_nics(*description_, answer.nics, root);
    if (!description_->has_disks) {
      reading.disks.emplace();
    }
  }
  if (reading.disks) {
    last_disks_ = *reading.disks;
  }
  if (question.disks && question.all_disks && reading.disks) {
    all_disks_read_ = now;
  } else if (question.disks && !reading.disks) {
    all_disks_read_.reset();
  }
  if (answer.xml && !*answer.xml) {
    reading.problem = answer.xml->error().message;
  }
  return reading;
}

bool KnownDomain::wants_sizes(const VmReading& reading, MonotonicTime now) const {
  return reading.disks && !reading.disks->empty() && is_due(sizes_read_, now) && calls.may_ask_for_sizes();
}

void KnownDomain::take_sizes(std::vector<VmDisk> disks, MonotonicTime now) {
  last_disks_ = std::move(disks);
  sizes_read_ = now;
}

void KnownDomain::sizes_stuck(StuckCall call, MonotonicTime now) {
  sizes_read_ = now;
  calls.sizes_stuck(std::move(call));
}

} // namespace sfa::guests
