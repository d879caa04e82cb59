// The fake bridges of the database, over a connection of their own.
//
// To find the parent of one, all ports of all bridges must be known, so that every new guest would wake the
// daemon and cost memory. Hence it exists only while a pattern matches no bridge.
#pragma once

#include "common/handle.hpp"
#include "sflowovsd/patterns.hpp"

#include <optional>
#include <string>
#include <vector>

struct ovsdb_idl;

namespace sfa::sflowovsd {

class FakeBridges {
public:
  // `remote` as in OvsdbSession.
  explicit FakeBridges(const std::string& remote);

  // Never blocks. True if the list has become known, or has changed.
  bool run();
  void wait();
  // False until the database has answered.
  [[nodiscard]] bool known() const { return seqno_.has_value(); }
  [[nodiscard]] const std::vector<FakeBridge>& list() const { return list_; }

private:
  [[nodiscard]] std::vector<FakeBridge> read() const;

  static void destroy(ovsdb_idl* idl);
  Handle<ovsdb_idl, destroy> idl_;
  std::optional<unsigned> seqno_; // of the replica that the list was read from
  std::vector<FakeBridge> list_;
};

} // namespace sfa::sflowovsd
