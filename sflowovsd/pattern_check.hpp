// Finds and reports the patterns that match no bridge, with the fake bridges that they match.
//
// Fake bridges are looked up over a connection of their own, which is closed after the answer: to find the
// parent of one, all ports of all bridges must be known, and PortsSession does not always know them.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"
#include "common/log.hpp"
#include "sflowovsd/patterns.hpp"

#include <optional>
#include <string>
#include <vector>

struct ovsdb_idl;

namespace sfa::sflowovsd {

class PatternCheck {
public:
  // `remote` as in OvsdbSession.
  explicit PatternCheck(std::string remote) : remote_(std::move(remote)) {}

  // What unmatched_patterns() returned. Starts a lookup if that has changed.
  void update(const std::optional<std::vector<UnmatchedPattern>>& unmatched);
  // The next update() starts a lookup in any case, and at once.
  void start_over() {
    looked_for_.reset();
    next_ = MonotonicTime();
  }
  // Never blocks. Looks up, at most every 30 s, and reports when the database has answered, or does not for 2
  // s.
  void run();
  void wait();

  // True if all were reported.
  [[nodiscard]] bool done() const { return reported_; }
  [[nodiscard]] const std::vector<UnmatchedPattern>& unmatched() const { return unmatched_; }

private:
  void begin(MonotonicTime now);
  void report(const std::vector<FakeBridge>& fakes);
  [[nodiscard]] std::vector<FakeBridge> fake_bridges() const;

  static void destroy(ovsdb_idl* idl);
  std::string remote_;
  Handle<ovsdb_idl, destroy> idl_; // while a lookup is under way
  MonotonicTime next_;             // the earliest time of the next lookup
  bool reported_ = true;
  std::optional<std::vector<UnmatchedPattern>> looked_for_;
  std::vector<UnmatchedPattern> unmatched_; // the same, explained
  LoggedState state_{"patterns"};
};

} // namespace sfa::sflowovsd
