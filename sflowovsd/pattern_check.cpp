#include "sflowovsd/pattern_check.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

namespace sfa::sflowovsd {

namespace {

constexpr std::chrono::seconds kPatience{2};

} // namespace

void PatternCheck::destroy(ovsdb_idl* idl) {
  ovsdb_idl_destroy(idl);
}

void PatternCheck::update(const std::optional<std::vector<UnmatchedPattern>>& unmatched) {
  if (unmatched && *unmatched == looked_for_) {
    return;
  }
  idl_.reset();
  looked_for_ = unmatched;
  unmatched_ = unmatched.value_or(std::vector<UnmatchedPattern>{});
  if (!unmatched_.empty()) {
    begin();
  } else if (unmatched) {
    state_.ok();
  }
}

void PatternCheck::begin() {
  idl_.reset(ovsdb_idl_create(remote_.c_str(), &ovsrec_idl_class, false, true));
  deadline_ = std::chrono::steady_clock::now() + kPatience;
  for (const auto* column : {&ovsrec_bridge_col_name, &ovsrec_bridge_col_ports, &ovsrec_port_col_name,
                             &ovsrec_port_col_fake_bridge, &ovsrec_port_col_tag}) {
    ovsdb_idl_add_column(idl_.get(), column);
  }
  ovsdb_idl_condition fake{};
  ovsdb_idl_condition_init(&fake);
  ovsrec_port_add_clause_fake_bridge(&fake, OVSDB_F_EQ, true);
  ovsrec_port_set_condition(idl_.get(), &fake);
  ovsdb_idl_condition_destroy(&fake);
}

void PatternCheck::run() {
  if (!idl_) {
    return;
  }
  ovsdb_idl_run(idl_.get());
  const bool answered = ovsdb_idl_has_ever_connected(idl_.get());
  if (!answered && std::chrono::steady_clock::now() < deadline_) {
    return;
  }
  const auto fakes = fake_bridges();
  idl_.reset();
  std::vector<std::string> texts;
  for (auto& unmatched : unmatched_) {
    unmatched.fake = find_fake_bridge(unmatched, fakes);
    texts.push_back(pattern_text(unmatched));
  }
  state_.failed(Error{fmt::format("{}", fmt::join(texts, ", "))});
}

std::vector<FakeBridge> PatternCheck::fake_bridges() const {
  std::vector<FakeBridge> result;
  const ovsrec_bridge* bridge = nullptr;
  OVSREC_BRIDGE_FOR_EACH(bridge, idl_.get()) {
    for (std::size_t i = 0; i < bridge->n_ports; ++i) { // of the replica: the fake ones
      const ovsrec_port& port = *bridge->ports[i];
      if (port.fake_bridge && port.n_tag > 0) {
        result.push_back({port.name, bridge->name, *port.tag});
      }
    }
  }
  std::ranges::sort(result, {}, &FakeBridge::name);
  return result;
}

void PatternCheck::wait() {
  if (idl_) {
    ovsdb_idl_wait(idl_.get());
    poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(deadline_.time_since_epoch()).count());
  }
}

} // namespace sfa::sflowovsd
