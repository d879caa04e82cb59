// The types of option values: text to value and back, the same in both syntaxes and in DNS TXT.
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
  number,  // decimal, 0x hexadecimal, 0 octal; the suffix K, M or G multiplies by 10^3, 10^6, 10^9
  boolean, // on or off
  address, // IP address
  host,    // IP address or host name
  device,  // name of a network interface
  cidr,    // [!]address/prefix length
  uuid,
  domain, // with or without a leading dot
  name,   // of a file in a known directory
  choice, // one of `choices`
  names,  // separated by commas, each a pattern of fnmatch(3)
  text,   // not empty, without control characters
};

struct Type {
  Kind kind = Kind::text;
  std::uint64_t min = 0;         // of a number
  std::uint64_t max = 0;         // of a number, itself allowed
  std::string_view choices = {}; // separated by `|`

  // Neither a number nor a boolean.
  [[nodiscard]] bool is_text() const { return kind != Kind::number && kind != Kind::boolean; }
};

using Value = std::variant<bool, std::uint64_t, std::string, AgentCidr>;

// The error says "found X, expected Y". Ranges are checked, and so is overflow.
[[nodiscard]] Result<Value> parse_value(const Type& type, std::string_view text);

// The canonical text; parse_value returns the same value for it.
[[nodiscard]] std::string format_value(const Value& value);
[[nodiscard]] std::string format_cidr(const AgentCidr& cidr);

// "a number from 0 to 300".
[[nodiscard]] std::string expected_text(const Type& type);

} // namespace sfa::config
