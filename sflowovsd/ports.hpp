// The ports of the switch as values, and their texts: the ports file (docs/ports-file.md) and the table of
// `sflow/ports`. Pure. Bridges are added one after another, because all of a large host would be most of the
// daemon's memory.
#pragma once

#include "common/result.hpp"
#include "sflowovsd/guest.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflowovsd {

// A row of Interface, with what its row of Port says.
struct OvsPort {
  std::string name = {};                    // of the interface
  std::string port = {};                    // of the port; another one for an interface of a bond
  std::optional<std::uint32_t> ofport = {}; // nullopt while none is assigned, or if that failed
  std::optional<std::uint32_t> ifindex = {};
  std::string type = {}; // empty: a device of the system
  std::optional<std::string> mac = {};
  std::optional<std::uint32_t> tag = {}; // VLAN
  std::optional<Guest> guest = {};

  bool operator==(const OvsPort&) const = default;
};

struct OvsBridge {
  std::string name = {};
  std::vector<OvsPort> ports = {};
};

struct PortCounts {
  std::size_t bridges = 0;
  std::size_t ports = 0;
  std::size_t guests = 0; // ports that have one

  bool operator==(const PortCounts&) const = default;
};

// Numbers of the database's Interface table, as ovs-vswitchd.conf.db(5) describes them; nullopt for what is
// no number of a port, an interface or a VLAN.
[[nodiscard]] std::optional<std::uint32_t> valid_ofport(std::int64_t ofport);
[[nodiscard]] std::optional<std::uint32_t> valid_ifindex(std::int64_t ifindex);
[[nodiscard]] std::optional<std::uint32_t> valid_tag(std::int64_t tag);

// `remote` as OvsdbSession takes it. False if a server may be on another host, whose ports have other
// ifIndexes than those of this one.
[[nodiscard]] bool is_local_database(std::string_view remote);

class PortsText {
public:
  enum class Format {
    json, // the content of the ports file, with the newline at its end
    table,
  };
  // More would be no file of a host, but a hostile database. 40,000 ports are about 12 MiB.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

  explicit PortsText(Format format, std::size_t expected_bytes = 0);

  // In the order of names. A bridge or port whose name is longer than kLongestName is left out. False if the
  // text has become too long.
  bool add(OvsBridge bridge);
  // An error if the text became too long.
  [[nodiscard]] Result<std::string> finish();
  // Of what was added.
  [[nodiscard]] const PortCounts& counts() const { return counts_; }

private:
  void add_json(const OvsBridge& bridge);
  void add_table(const OvsBridge& bridge);
  [[nodiscard]] bool is_full() const { return text_.size() > kMaxBytes; }

  Format format_;
  std::string text_;
  PortCounts counts_;
};

} // namespace sfa::sflowovsd
