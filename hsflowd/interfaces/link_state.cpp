#include "interfaces/link_state.hpp"

#include "common/text.hpp"

#include <limits>

namespace sfa::interfaces {

Result<std::uint64_t> parse_speed(std::string_view text) {
  const auto word = trim(text);
  const auto speed = parse_number<std::int64_t>(word);
  if (!speed || *speed < -1 || *speed > std::numeric_limits<std::uint32_t>::max()) {
    return failure("'{}' is not a speed in Mbit/s", printable(word));
  }
  const bool unknown = *speed == -1 || *speed == std::numeric_limits<std::uint32_t>::max(); // SPEED_UNKNOWN
  return unknown ? 0 : static_cast<std::uint64_t>(*speed);
}

Result<LinkState> read_link_state(const host::SysRoot& root, const std::string& name) {
  const std::string directory = "sys/class/net/" + name;
  const auto speed = host::parse_file(root, directory + "/speed", parse_speed);
  if (!speed) {
    return error_of(speed);
  }
  LinkState state{.speed_mbps = speed->value_or(0)};
  const auto duplex = root.attribute(directory + "/duplex");
  if (duplex == "full" || duplex == "half") {
    state.duplex = duplex == "full" ? Duplex::full : Duplex::half;
  }
  const auto status = root.attribute(directory + "/operstate");
  state.operational =
      status == "up" || (status == "unknown" && root.attribute(directory + "/carrier") == "1");
  return state;
}

} // namespace sfa::interfaces
