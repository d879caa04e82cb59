// The status of DNS-SD, as `hsflowd status` shows it.
#pragma once

#include "common/fields.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sfa::dnssd {

// An option that a DNS record has set.
struct DnsSetting {
  std::string option;
  std::string origin; // the record

  bool operator==(const DnsSetting&) const = default;
  static void fields(auto& self, auto&& field) {
    field("option", self.option);
    field("origin", self.origin);
  }
};

struct DnsSdStatus {
  std::string name;                              // of the records; empty until the search list gave one
  bool answered = false;                         // there is an active answer
  bool from_copy = false;                        // it was saved by an earlier run
  std::chrono::milliseconds age{0};              // of the active answer
  std::optional<std::chrono::milliseconds> next; // time until the next query; nullopt while one is pending
  std::string problem;                           // why the last query failed; empty if it did not
  std::vector<DnsSetting> sets = {};

  bool operator==(const DnsSdStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("name", self.name, kNullIfEmpty);
    field("answered", self.answered);
    field("from_copy", self.from_copy);
    field("age_ms", self.age);
    field("next_ms", self.next);
    field("problem", self.problem, kNullIfEmpty);
    field("sets", self.sets);
  }
};

} // namespace sfa::dnssd
