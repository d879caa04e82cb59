// The kinds of value that an option takes: text to value and back, the same for every syntax and for DNS TXT.
#pragma once

#include "common/ip_address.hpp"
#include "common/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace sfa::config {

enum class Kind {
  number,      // decimal, 0x hexadecimal, 0 octal; K, M or G behind it multiplies by 10^3, 10^6, 10^9
  boolean,     // on or off
  probability, // 0 to 1
  address,     // IP address
  host,        // IP address or host name
  device,      // name of a network interface
  cidr,        // [!]address/prefix length
  uuid,
  domain,      // with or without a dot in front
  name,        // of a file in a known directory
  choice,      // one of `choices`
  speed_range, // LO or LO-HI in bit/s
  names,       // separated by commas, each a pattern of fnmatch(3)
  text,        // anything but nothing and control characters
};

struct Type {
  Kind kind = Kind::text;
  std::uint64_t min = 0; // of a number, both ends included
  std::uint64_t max = 0;
  std::string_view choices = {}; // separated by `|`

  // Neither a number nor a boolean.
  [[nodiscard]] bool is_text() const {
    return kind != Kind::number && kind != Kind::boolean && kind != Kind::probability;
  }
};

using Value = std::variant<bool, std::uint64_t, double, std::string, AgentCidr>;

// The error says "found X, expected Y". Ranges are checked, and so is overflow.
[[nodiscard]] Result<Value> parse_value(const Type& type, std::string_view text);

// The canonical text: parse_value of it gives the same value.
[[nodiscard]] std::string format_value(const Value& value);
[[nodiscard]] std::string format_cidr(const AgentCidr& cidr);

// "a number from 0 to 300".
[[nodiscard]] std::string expected_text(const Type& type);

} // namespace sfa::config
