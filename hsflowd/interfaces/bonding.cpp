#include "interfaces/bonding.hpp"

#include "common/text.hpp"
#include "host/interface.hpp"

#include <utility>

namespace sfa::interfaces {

namespace {

// The lines of proc/net/bonding are "KEY: VALUE". Keys repeat for each member, and within a member for actor
// and partner; a heading precedes each part.
class Parser {
public:
  Result<void> take(std::string_view line) {
    const std::size_t colon = line.find(": ");
    const auto key = trim(line.substr(0, colon));
    const auto value = colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 2));
    if (key == "Slave Interface") {
      finish();
      name_ = value;
      part_ = Part::member;
    } else if (key == "details actor lacp pdu:") {
      part_ = Part::actor;
    } else if (key == "details partner lacp pdu:") {
      part_ = Part::partner;
    } else if (key == "Aggregator ID") {
      return take_aggregator(value);
    } else if (part_ == Part::actor || part_ == Part::partner) {
      return take_detail(key, value);
    }
    return {};
  }

  std::map<std::string, LacpPort> finish() {
    if (seen_details_) {
      port_.attached = aggregator_ && aggregator_ == active_;
      ports_.emplace(name_, port_);
    }
    port_ = {};
    aggregator_.reset();
    seen_details_ = false;
    return ports_;
  }

private:
  enum class Part { bond, member, actor, partner };

  Result<void> take_aggregator(std::string_view value) {
    const auto id = parse_number<std::uint32_t>(value);
    if (!id) {
      return failure("'{}' is not an aggregator ID", printable(value));
    }
    (part_ == Part::bond ? active_ : aggregator_) = id;
    return {};
  }

  Result<void> take_detail(std::string_view key, std::string_view value) {
    const bool actor = part_ == Part::actor;
    if (key == "system mac address") {
      const auto mac = host::parse_mac_address(value);
      if (!mac) {
        return error_of(mac);
      }
      (actor ? port_.actor_system : port_.partner_system) = mac->value_or(sflow::MacAddress{});
    } else if (key == "port state") {
      const auto state = parse_number<std::uint8_t>(value);
      if (!state) {
        return failure("'{}' is not a port state", printable(value));
      }
      (actor ? port_.actor_state : port_.partner_state) = *state;
      seen_details_ = true;
    }
    return {};
  }

  Part part_ = Part::bond;
  std::string name_;
  LacpPort port_;
  std::optional<std::uint32_t> active_, aggregator_;
  bool seen_details_ = false;
  std::map<std::string, LacpPort> ports_;
};

} // namespace

Result<std::map<std::string, LacpPort>> parse_bonding(std::string_view text) {
  Parser parser;
  for (const auto line : lines(text)) {
    if (const auto taken = parser.take(line); !taken) {
      return error_of(taken);
    }
  }
  return parser.finish();
}

sflow::LagPortStats lag_port_stats(const LacpPort& port, std::uint32_t bond,
                                   const netlink::LacpCounters& counters) {
  sflow::LagPortStats block;
  block.actor_system_id = port.actor_system;
  block.partner_oper_system_id = port.partner_system;
  block.attached_agg_id = port.attached ? bond : 0;
  block.port_state.actor_oper = port.actor_state;
  block.port_state.partner_oper = port.partner_state;
  block.stats_lacpdus_rx = sflow::counter32(counters.lacpdus_rx);
  block.stats_marker_pdus_rx = sflow::counter32(counters.marker_pdus_rx);
  block.stats_marker_response_pdus_rx = sflow::counter32(counters.marker_response_pdus_rx);
  block.stats_unknown_rx = sflow::counter32(counters.unknown_rx);
  block.stats_illegal_rx = sflow::counter32(counters.illegal_rx);
  block.stats_lacpdus_tx = sflow::counter32(counters.lacpdus_tx);
  block.stats_marker_pdus_tx = sflow::counter32(counters.marker_pdus_tx);
  block.stats_marker_response_pdus_tx = sflow::counter32(counters.marker_response_pdus_tx);
  return block;
}

} // namespace sfa::interfaces
