#include "config/value.hpp"

#include "common/text.hpp"
#include "common/uuid.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>

namespace sfa::config {

namespace {

constexpr std::size_t kMaxDeviceName = 15; // IFNAMSIZ of <net/if.h> less the final zero
constexpr std::size_t kMaxText = 255;    // as a word of the classic syntax; keeps lines of hsflowd.auto short
constexpr std::size_t kMaxDnsName = 253; // RFC 1035, section 2.3.4, in text form

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

std::uint64_t multiplier(char suffix) {
  switch (suffix) {
  case 'k':
  case 'K':
    return 1'000;
  case 'm':
  case 'M':
    return 1'000'000;
  case 'g':
  case 'G':
    return 1'000'000'000;
  default:
    return 1;
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  const std::uint64_t factor = text.empty() ? 1 : multiplier(text.back());
  if (factor != 1) {
    text.remove_suffix(1);
  }
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  const auto value = parse_number<std::uint64_t>(text, base);
  if (!value || *value > std::numeric_limits<std::uint64_t>::max() / factor) {
    return std::nullopt;
  }
  return *value * factor;
}

std::optional<bool> boolean(std::string_view text) {
  for (const auto on : {"on", "true", "yes"}) {
    if (equal_ignoring_case(text, on)) {
      return true;
    }
  }
  for (const auto off : {"off", "false", "no"}) {
    if (equal_ignoring_case(text, off)) {
      return false;
    }
  }
  return std::nullopt;
}

bool is_dns_name(std::string_view text) {
  const auto labels = split(text, ".");
  return !labels.empty() && text.front() != '.' && text.size() <= kMaxDnsName &&
         text.find("..") == text.npos && std::ranges::all_of(labels, [](std::string_view label) {
           return label.size() <= 63 && label.front() != '-' && std::ranges::all_of(label, [](char c) {
                    return is_alphanumeric(c) || c == '-' || c == '_';
                  });
         });
}

bool is_host(std::string_view text) {
  if (IpAddress::parse(text)) {
    return true;
  }
  if (!is_dns_name(text)) {
    return false;
  }
  // RFC 1123, section 2.1: a name whose last label is a number is a mistyped address.
  return !std::ranges::all_of(split(text, ".").back(), is_digit);
}

// Devices and network namespaces are files; a path must not become one of their names.
bool is_file_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxText && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return is_visible(c) && c != '/'; });
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= kMaxText &&
         std::ranges::none_of(text, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; });
}

// Each list is one line of the shared file.
bool is_names(std::string_view text) {
  return !split(text, ",").empty() && text.size() <= kMaxText && std::ranges::all_of(text, is_visible);
}

// 255.255.255.0 -> 24
std::optional<std::uint8_t> mask_length(const IpAddress& mask) {
  std::uint8_t length = 0;
  bool ended = false;
  for (const auto byte : mask.bytes()) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool set = ((byte >> bit) & 1) != 0;
      if (set && ended) {
        return std::nullopt;
      }
      ended = !set;
      length = static_cast<std::uint8_t>(length + (set ? 1 : 0));
    }
  }
  return length;
}

template <class Bytes>
IpAddress masked(std::span<const std::uint8_t> from, unsigned length) {
  Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size() && length > 0; ++i) {
    const unsigned bits = std::min(length, 8U);
    bytes[i] = static_cast<std::uint8_t>(from[i] & (0xFF00U >> bits));
    length -= bits;
  }
  return IpAddress(bytes);
}

std::optional<AgentCidr> cidr(std::string_view text) {
  const bool exclude = text.starts_with('!');
  text.remove_prefix(exclude ? 1 : 0);
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || slash == text.npos) {
    return std::nullopt;
  }
  const auto length_text = text.substr(slash + 1);
  auto length = parse_number<std::uint8_t>(length_text);
  const auto mask = IpAddress::parse(length_text);
  if (mask && mask->is_v4() && address->is_v4()) {
    length = mask_length(*mask);
  }
  if (!length || *length > address->bytes().size() * 8) {
    return std::nullopt;
  }
  const auto prefix = address->is_v4() ? masked<IpAddress::V4>(address->bytes(), *length)
                                       : masked<IpAddress::V6>(address->bytes(), *length);
  return AgentCidr{.prefix = prefix, .prefix_length = *length, .exclude = exclude};
}

std::optional<std::string> uuid(std::string_view text) {
  const auto parsed = parse_uuid(text);
  return parsed ? std::optional(format_uuid(*parsed)) : std::nullopt;
}

std::optional<std::string> choice(std::string_view choices, std::string_view text) {
  for (const auto one : split(choices, "|")) {
    if (equal_ignoring_case(one, text)) {
      return std::string(one);
    }
  }
  return std::nullopt;
}

std::optional<Value> text_if(bool valid, std::string_view text) {
  return valid ? std::optional<Value>(std::string(text)) : std::nullopt;
}

std::optional<Value> value_of(const Type& type, std::string_view text) {
  switch (type.kind) {
  case Kind::number: {
    const auto value = number(text);
    return value && *value >= type.min && *value <= type.max ? std::optional<Value>(*value) : std::nullopt;
  }
  case Kind::boolean:
    return boolean(text);
  case Kind::address: {
    const auto address = IpAddress::parse(text);
    return address ? std::optional<Value>(address->to_string()) : std::nullopt;
  }
  case Kind::host:
    return text_if(is_host(text), text);
  case Kind::device:
    return text_if(is_file_name(text) && text.size() <= kMaxDeviceName, text);
  case Kind::cidr:
    return cidr(text);
  case Kind::uuid:
    return uuid(text);
  case Kind::domain:
    return text_if(is_dns_name(text.starts_with('.') ? text.substr(1) : text), text);
  case Kind::name:
    return text_if(is_file_name(text), text);
  case Kind::choice:
    return choice(type.choices, text);
  case Kind::names:
    return text_if(is_names(text), text);
  case Kind::text:
    return text_if(is_text(text), text);
  }
  return std::nullopt;
}

struct Formatter {
  std::string operator()(bool value) const { return value ? "on" : "off"; }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const AgentCidr& value) const { return format_cidr(value); }
};

} // namespace

Result<Value> parse_value(const Type& type, std::string_view text) {
  if (auto value = value_of(type, text)) {
    return *std::move(value);
  }
  return failure("found {}, expected {}", text.empty() ? "nothing" : fmt::format("`{}`", printable(text)),
                 expected_text(type));
}

std::string format_value(const Value& value) {
  return std::visit(Formatter{}, value);
}

std::string format_cidr(const AgentCidr& cidr) {
  return fmt::format("{}{}/{}", cidr.exclude ? "!" : "", cidr.prefix.to_string(), cidr.prefix_length);
}

std::string expected_text(const Type& type) {
  switch (type.kind) {
  case Kind::number:
    return type.max == std::numeric_limits<std::uint32_t>::max()
               ? fmt::format("a number from {}", type.min)
               : fmt::format("a number from {} to {}", type.min, type.max);
  case Kind::boolean:
    return "`on` or `off`";
  case Kind::address:
    return "an IP address";
  case Kind::host:
    return "an IP address or a host name";
  case Kind::device:
    return fmt::format("the name of a network device, {} bytes at most", kMaxDeviceName);
  case Kind::cidr:
    return "`[!]address/prefix length`";
  case Kind::uuid:
    return "a UUID";
  case Kind::domain:
    return "a domain";
  case Kind::name:
    return fmt::format("a name without `/`, {} bytes at most", kMaxText);
  case Kind::choice:
    return fmt::format("one of `{}`", fmt::join(split(type.choices, "|"), "`, `"));
  case Kind::names:
    return "names, separated by commas; `*`, `?` and `[...]` as in a shell";
  case Kind::text:
    return fmt::format("text of up to {} bytes", kMaxText);
  }
  return "";
}

} // namespace sfa::config
