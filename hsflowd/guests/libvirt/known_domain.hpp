// What is known about one run of a domain, and so what has to be asked about it.
#pragma once

#include "common/event_loop.hpp"
#include "guests/libvirt/domain_calls.hpp"
#include "guests/libvirt/domain_description.hpp"
#include "guests/libvirt/domain_reader.hpp"
#include "guests/vm_source.hpp"
#include "host/sys_root.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfa::guests {

class KnownDomain {
public:
  // `id` is libvirt's number of this run of the domain.
  KnownDomain(int id, std::string name) : id_(id), name_(std::move(name)) {}

  DomainCalls calls;

  [[nodiscard]] bool is_run(int id) const { return id_ == id; }

  // Everything about its devices has to be read again.
  void devices_changed();

  // What to ask now. Leaves out disks that are not wanted, do not exist, or are asked for by a call that is
  // out.
  [[nodiscard]] DomainQuestion question(const Uuid& uuid, bool disks_wanted, MonotonicTime now) const;

  // Adds what is known to an answer, and remembers what it says. `root` is where ifIndexes are read.
  [[nodiscard]] VmReading complete(const DomainQuestion& question, DomainAnswer answer,
                                   const host::SysRoot& root, MonotonicTime now);

  // Whether to ask for the sizes of the disks of that reading.
  [[nodiscard]] bool wants_sizes(const VmReading& reading, MonotonicTime now) const;
  void take_sizes(std::vector<VmDisk> disks, MonotonicTime now);
  // Keeps the last sizes, or at first those of the bulk statistics.
  void sizes_stuck(StuckCall call, MonotonicTime now);

private:
  int id_;
  std::string name_;
  std::optional<DomainDescription> description_;
  std::vector<VmDisk> last_disks_;
  std::optional<MonotonicTime> all_disks_read_;
  std::optional<MonotonicTime> sizes_read_;
};

} // namespace sfa::guests
