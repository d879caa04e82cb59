// Slows down the repairs of bridges whose sFlow another client keeps changing, and of no other bridge.
//
// A bridge is changed five times at once, then after 1 s, 2 s, 4 s and at most every 8 s. One that needed no
// change for a minute starts over. Pure: the time is an argument.
#pragma once

#include "sflowovsd/plan.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace sfa::sflowovsd {

class Damping {
public:
  using Time = std::chrono::steady_clock::time_point;

  // Holds the changes that are to wait, and gives each bridge in a fight a problem that says so. A row that
  // bridges share waits if all that have it do. From the first change that is held, it is a fight.
  void hold_back(Plan& plan, Time now);
  // The changes of the plan that it did not hold were made.
  void changed(const Plan& plan, Time now);
  // Every bridge starts over. For new settings, after which every bridge may need a change.
  void start_over() { *this = Damping(); }

  // When the plan is to be made again although nothing else happens: a change need not wait any more, or a
  // fight has ended. nullopt if never.
  [[nodiscard]] std::optional<Time> next() const { return next_; }

private:
  struct Changes {
    unsigned count = 0; // without a minute between them
    Time last;
    Time held_until = Time::min();
    bool fight = false; // one had to be held
  };

  void report_fights(Plan& plan, Time now);
  static void count(Changes& changes, Time now);
  [[nodiscard]] bool is_held(const std::string& bridge, Time now) const;

  std::map<std::string, Changes> bridges_; // by name
  std::optional<Time> next_;
};

} // namespace sfa::sflowovsd
