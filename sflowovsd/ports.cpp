#include "sflowovsd/ports.hpp"

#include "common/json.hpp"
#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

namespace sfa::sflowovsd {

namespace {

std::string_view kind_name(GuestKind kind) {
  return kind == GuestKind::vm ? "vm" : "container";
}

// ---- JSON, appended piece by piece: 10,000 ports as a tree of values would take ten times as long, and keep
// a new bridge waiting.

void append(std::string& text, std::string_view value) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(value, is_plain)) {
    text += '"';
    text += value;
    text += '"';
  } else {
    text += format_json_line(value); // escapes, and replaces what is not UTF-8
  }
}

void append(std::string& text, std::uint32_t value) {
  fmt::format_to(std::back_inserter(text), "{}", value);
}

void append(std::string& text, const Guest& guest);

template <class T>
void append(std::string& text, const std::optional<T>& value) {
  if (value) {
    append(text, *value);
  } else {
    text += "null";
  }
}

// `name` with the punctuation around it.
void append_member(std::string& text, std::string_view name, const auto& value) {
  text += name;
  append(text, value);
}

void append(std::string& text, const Guest& guest) {
  append_member(text, R"({"kind":)", kind_name(guest.kind));
  append_member(text, R"(,"writer":)", guest.writer);
  append_member(text, R"(,"uuid":)", guest.uuid);
  append_member(text, R"(,"key":)", std::string_view(guest.key));
  append_member(text, R"(,"name":)", guest.name);
  append_member(text, R"(,"mac":)", guest.mac);
  text += '}';
}

void append(std::string& text, const OvsPort& port) {
  append_member(text, R"({"name":)", std::string_view(port.name));
  append_member(text, R"(,"port":)", std::string_view(port.port));
  append_member(text, R"(,"ofport":)", port.ofport);
  append_member(text, R"(,"ifindex":)", port.ifindex);
  append_member(text, R"(,"type":)", std::string_view(port.type));
  append_member(text, R"(,"mac":)", port.mac);
  append_member(text, R"(,"tag":)", port.tag);
  append_member(text, R"(,"guest":)", port.guest);
  text += '}';
}

template <class T>
std::string or_dash(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "-";
}

bool has_long_name(const OvsPort& port) {
  return std::ranges::any_of(std::array{&port.name, &port.port, &port.type},
                             [](const std::string* text) { return text->size() > kLongestName; });
}

std::optional<std::uint32_t> in_range(std::int64_t value, std::int64_t least, std::int64_t most) {
  return value >= least && value <= most ? std::optional(static_cast<std::uint32_t>(value)) : std::nullopt;
}

constexpr std::string_view kRow = "{:15}  {:15}  {:>6}  {:>7}  {:>4}  {:9}  {}\n";

} // namespace

// -1 if the port could not be created.
std::optional<std::uint32_t> valid_ofport(std::int64_t ofport) {
  return in_range(ofport, 1, std::numeric_limits<std::uint16_t>::max());
}

// 0 if the interface has none.
std::optional<std::uint32_t> valid_ifindex(std::int64_t ifindex) {
  return in_range(ifindex, 1, std::numeric_limits<std::uint32_t>::max());
}

std::optional<std::uint32_t> valid_tag(std::int64_t tag) {
  return in_range(tag, 0, 4095);
}

bool is_local_database(std::string_view remote) {
  return std::ranges::all_of(split(remote, ","),
                             [](std::string_view server) { return trim(server).starts_with("unix:"); });
}

PortsText::PortsText(Format format, std::size_t expected_bytes) : format_(format) {
  text_.reserve(std::min(expected_bytes, kMaxBytes));
  text_ += format_ == Format::json
               ? std::string(R"({"version":1,"bridges":[)")
               : fmt::format(kRow, "BRIDGE", "PORT", "OFPORT", "IFINDEX", "TAG", "KIND", "GUEST");
}

bool PortsText::add(OvsBridge bridge) {
  if (bridge.name.size() > kLongestName) {
    return true;
  }
  std::erase_if(bridge.ports, has_long_name);
  std::ranges::sort(bridge.ports, {}, [](const OvsPort& port) { return std::tie(port.port, port.name); });
  if (format_ == Format::json) {
    add_json(bridge);
  } else {
    add_table(bridge);
  }
  ++counts_.bridges;
  counts_.ports += bridge.ports.size();
  counts_.guests += static_cast<std::size_t>(
      std::ranges::count_if(bridge.ports, [](const OvsPort& port) { return port.guest.has_value(); }));
  return !is_full();
}

void PortsText::add_json(const OvsBridge& bridge) {
  text_ += counts_.bridges > 0 ? "," : "";
  append_member(text_, R"({"name":)", std::string_view(bridge.name));
  text_ += R"(,"ports":[)";
  std::string_view separator;
  for (const auto& port : bridge.ports) {
    if (is_full()) {
      break;
    }
    text_ += separator;
    append(text_, port);
    separator = ",";
  }
  text_ += "]}";
}

void PortsText::add_table(const OvsBridge& bridge) {
  for (const auto& port : bridge.ports) {
    if (is_full()) {
      break;
    }
    const auto& guest = port.guest;
    fmt::format_to(std::back_inserter(text_), kRow, printable(bridge.name), printable(port.name),
                   or_dash(port.ofport), or_dash(port.ifindex), or_dash(port.tag),
                   guest ? kind_name(guest->kind) : "-",
                   guest ? printable(guest->name.value_or(guest->key)) : "-");
  }
}

Result<std::string> PortsText::finish() {
  if (format_ == Format::json) {
    text_ += "]}\n";
  }
  if (is_full()) {
    return failure("more than {} MiB; no longer updated", kMaxBytes >> 20);
  }
  return std::move(text_);
}

} // namespace sfa::sflowovsd
