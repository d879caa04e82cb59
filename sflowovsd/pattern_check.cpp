#include "sflowovsd/pattern_check.hpp"

#include "common/text.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <chrono>

namespace sfa::sflowovsd {

namespace {

constexpr std::chrono::seconds kPatience{2};
constexpr std::chrono::seconds kPause{30}; // from lookup to lookup, however often the bridges change

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
  reported_ = unmatched_.empty();
  if (unmatched && reported_) {
    state_.ok();
  }
}

void PatternCheck::begin(MonotonicTime now) {
  next_ = now + kPause;
  idl_.reset(ovsdb_idl_create(remote_.c_str(), &ovsrec_idl_class, false, true));
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
  const auto now = std::chrono::steady_clock::now();
  if (!idl_ && !reported_ && now >= next_) {
    begin(now);
  }
  if (!idl_) {
    return;
  }
  ovsdb_idl_run(idl_.get());
  if (ovsdb_idl_has_ever_connected(idl_.get())) {
    report(fake_bridges());
    idl_.reset();
  } else if (!reported_ && now >= next_ - kPause + kPatience) {
    report({}); // it is still asked
  }
}

void PatternCheck::report(const std::vector<FakeBridge>& fakes) {
  std::vector<std::string> texts;
  for (auto& unmatched : unmatched_) {
    unmatched.fake = find_fake_bridge(unmatched, fakes);
    texts.push_back(pattern_text(unmatched));
  }
  state_.failed(Error{join_some(texts)});
  reported_ = true;
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
  }
  if (!reported_) {
    const auto at = idl_ ? next_ - kPause + kPatience : next_;
    poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(at.time_since_epoch()).count());
  }
}

} // namespace sfa::sflowovsd
