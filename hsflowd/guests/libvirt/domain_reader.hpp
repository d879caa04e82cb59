// What libvirt says of domains, over a read-only connection that is one thread's at a time.
#pragma once

#include "common/handle.hpp"
#include "common/result.hpp"
#include "guests/libvirt/domain_stats.hpp"
#include "guests/libvirt/domain_xml.hpp"
#include "guests/vm_source.hpp"

#include <libvirt/libvirt.h>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

// Why the last call of this thread failed.
[[nodiscard]] tl::unexpected<Error> libvirt_failure(std::string_view what);

struct DomainQuestion {
  Uuid uuid{};
  std::optional<std::vector<NicStats>> nics = {}; // as just read; nothing: read them
  bool disks = false;                             // asks QEMU's monitor; nothing else does
  std::vector<VmDisk> known_disks = {};           // whose sizes shall do
  bool all_disks = true;                 // also those that could not count before, and their capacity
  bool xml = false;                      // is wanted
  std::vector<std::string> devices = {}; // NICs of the XML that is known: it is wanted when there is another
};

struct DomainAnswer {
  VmReading reading; // without its name and what the XML says: machine type, operating system, NICs
  std::vector<NicStats> nics;
  std::optional<Result<DomainXml>> xml = {}; // when it was wanted
};

using NicsByDomain = std::map<Uuid, std::vector<NicStats>>;

class DomainReader {
public:
  using Domain = Handle<virDomain, virDomainFree>;
  struct Listed {
    Uuid uuid{};
    int id = 0;       // of this run of the domain
    std::string name; // which a running domain keeps
  };

  explicit DomainReader(std::string uri) : uri_(std::move(uri)) {}

  // The domains that run. Connects when there is no connection.
  [[nodiscard]] Result<std::vector<Listed>> list();

  // Of all those domains in one call, which needs no monitor. One that has gone is left out; nothing: all
  // have, or the connection has.
  [[nodiscard]] NicsByDomain read_nics(std::span<const Uuid> uuids);

  // Nothing: it has gone, or the connection has.
  [[nodiscard]] std::optional<DomainAnswer> read(const DomainQuestion& question);

  // The disks with the sizes of their images now: virDomainGetBlockInfo is where sFlow's virt_disk_io has
  // them from. In bulk, `physical` of a file is what it takes (libvirt 9.0: its size as long as that is
  // nothing), and `allocation` how far it was written since QEMU began. Asks QEMU's monitor for each disk.
  [[nodiscard]] std::vector<VmDisk> read_sizes(const Uuid& uuid, std::vector<VmDisk> disks);

private:
  [[nodiscard]] Result<void> connect();
  [[nodiscard]] virDomainPtr find(const Uuid& uuid);

  std::string uri_;
  Handle<virConnect, virConnectClose> connection_;
  std::map<Uuid, Domain> domains_;
};

} // namespace sfa::guests
