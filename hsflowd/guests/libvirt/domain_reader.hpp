// Reads domains over a read-only connection, which only one thread uses at a time.
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
  std::optional<std::vector<NicStats>> nics = {}; // as just read; nullopt: read them, too
  bool disks = false;                             // only these ask QEMU's monitor
  std::vector<VmDisk> known_disks = {};           // their sizes are used again
  bool all_disks = true; // with capacities, and with disks that had no counters before
  bool xml = false;      // read the XML
  std::vector<std::string> devices =
      {}; // NICs of the known XML: if there is another one, the XML is read, too
};

struct DomainAnswer {
  VmReading reading; // without its name and what is in the XML: machine type, operating system, NICs
  std::vector<NicStats> nics;
  std::optional<Result<DomainXml>> xml = {}; // nullopt if it was not read
};

using NicsByDomain = std::map<Uuid, std::vector<NicStats>>;

class DomainReader {
public:
  using Domain = Handle<virDomain, virDomainFree>;
  struct Listed {
    Uuid uuid{};
    int id = 0;       // of this run of the domain
    std::string name; // does not change while the domain runs
  };

  explicit DomainReader(std::string uri) : uri_(std::move(uri)) {}

  // The running domains. Connects if there is no connection.
  [[nodiscard]] Result<std::vector<Listed>> list();

  // The NICs of all those domains in one call, which needs no monitor. A domain that has stopped is left out.
  // Empty if all have stopped or if the connection broke.
  [[nodiscard]] NicsByDomain read_nics(std::span<const Uuid> uuids);

  // nullopt if the domain has stopped or if the connection broke.
  [[nodiscard]] std::optional<DomainAnswer> read(const DomainQuestion& question);

  // The disks with the current sizes of their images, from virDomainGetBlockInfo: it has the values that
  // sFlow's virt_disk_io defines. In the bulk statistics, `physical` of a file is the space that it occupies
  // (libvirt 9.0: its length while that is 0), and `allocation` is how far it was written since QEMU started.
  // Asks QEMU's monitor for each disk.
  [[nodiscard]] std::vector<VmDisk> read_sizes(const Uuid& uuid, std::vector<VmDisk> disks);

private:
  [[nodiscard]] Result<void> connect();
  [[nodiscard]] virDomainPtr find(const Uuid& uuid);

  std::string uri_;
  Handle<virConnect, virConnectClose> connection_;
  std::map<Uuid, Domain> domains_;
};

} // namespace sfa::guests
