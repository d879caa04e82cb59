#include "guests/proxmox/guest_config.hpp"

#include "common/text.hpp"
#include "host/interface.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::guests {

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kDefaultMemory = 512 * kMebibyte;

bool is_key(std::string_view text) {
  const auto in_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && std::ranges::all_of(text, in_key);
}

// A DNS name, as Proxmox VE requires.
bool is_name(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, in_name);
}

// The value of a key in a property string such as "virtio=BC:24:11:00:00:01,bridge=vmbr0"; nullopt if it has
// none.
std::optional<std::string_view> property(std::string_view value, std::string_view key) {
  for (const auto part : split(value, ",")) {
    if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == '=') {
      return part.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<sflow::MacAddress> parse_mac(std::string_view text) {
  const auto mac = host::parse_mac_address(text);
  return mac ? *mac : std::nullopt;
}

// The MAC of a VM's NIC is the value of its model ("virtio=MAC") or of `macaddr`. No other property of it has
// such a value.
std::optional<sflow::MacAddress> vm_mac(std::string_view value) {
  for (const auto part : split(value, ",")) {
    const auto equals = part.find('=');
    const auto mac = equals == std::string_view::npos ? std::nullopt : parse_mac(part.substr(equals + 1));
    if (mac) {
      return mac;
    }
  }
  return std::nullopt;
}

class ConfigParser {
public:
  explicit ConfigParser(GuestKind kind) : kind_(kind) {}

  [[nodiscard]] GuestConfig parse(std::string_view text);

private:
  void take_line(std::string_view line);
  void take(std::string_view key, std::string_view value);
  void take_name(std::string_view value);
  void take_memory(std::string_view value);
  void take_count(std::string_view key, std::string_view value, std::optional<std::uint32_t>& count);
  void take_smbios(std::string_view value);
  void take_nic(std::string_view number, std::string_view value);
  void bad(std::string_view what);

  GuestKind kind_;
  GuestConfig config_ = {};
  std::size_t line_ = 0;
  std::optional<std::uint32_t> cores_ = 1;
  std::optional<std::uint32_t> sockets_ = 1;
  std::optional<std::uint32_t> vcpus_ = 0; // 0: all
  bool has_cores_ = false;
};

GuestConfig ConfigParser::parse(std::string_view text) {
  config_.memory = kDefaultMemory;
  for (const auto line : lines(text)) {
    ++line_;
    if (line.starts_with('[')) {
      break;
    }
    if (!trim(line).empty() && !line.starts_with('#')) {
      take_line(line);
    }
  }
  if (kind_ == GuestKind::container) {
    config_.cpus = has_cores_ ? cores_ : std::nullopt;
  } else if (vcpus_ && *vcpus_ != 0) {
    config_.cpus = vcpus_;
  } else if (vcpus_ && cores_ && sockets_) {
    config_.cpus = *cores_ * *sockets_;
  }
  return std::move(config_);
}

void ConfigParser::take_line(std::string_view line) {
  if (kind_ == GuestKind::container && line.starts_with("lxc.")) {
    return; // an option of LXC itself, which may have other separators
  }
  const auto colon = line.find(':');
  const auto key = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_key(key)) {
    bad(fmt::format("'{}' is not an option", printable(line)));
    return;
  }
  take(key, trim(line.substr(colon + 1)));
}

void ConfigParser::take(std::string_view key, std::string_view value) {
  const bool vm = kind_ == GuestKind::vm;
  if (key == (vm ? "name" : "hostname")) {
    take_name(value);
  } else if (key == "memory") {
    take_memory(value);
  } else if (key == "cores") {
    has_cores_ = true;
    take_count(key, value, cores_);
  } else if (vm && key == "sockets") {
    take_count(key, value, sockets_);
  } else if (vm && key == "vcpus") {
    take_count(key, value, vcpus_);
  } else if (key == "template") {
    config_.is_template = value == "1";
  } else if (vm && key == "smbios1") {
    take_smbios(value);
  } else if (key.starts_with("net")) {
    take_nic(key.substr(3), value);
  }
}

void ConfigParser::take_name(std::string_view value) {
  if (is_name(value)) {
    config_.name = value;
  } else {
    bad(fmt::format("name: '{}' is not a DNS name", printable(value)));
  }
}

// "2048", or since qemu-server 8 "current=2048".
void ConfigParser::take_memory(std::string_view value) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32U;
  const auto mebibytes = parse_number<std::uint64_t>(property(value, "current").value_or(value));
  if (mebibytes && *mebibytes <= kMost) {
    config_.memory = *mebibytes * kMebibyte;
  } else {
    config_.memory.reset();
    bad(fmt::format("memory: '{}' is not a number of MiB", printable(value)));
  }
}

void ConfigParser::take_count(std::string_view key, std::string_view value,
                              std::optional<std::uint32_t>& count) {
  constexpr std::uint32_t kMost = 1U << 15U;
  const auto number = parse_number<std::uint32_t>(value);
  count = number && *number > 0 && *number <= kMost ? number : std::nullopt;
  if (!count) {
    bad(fmt::format("{}: '{}' is not a number of CPUs", key, printable(value)));
  }
}

// With base64=1 all texts are encoded, but never the UUID.
void ConfigParser::take_smbios(std::string_view value) {
  config_.uuid.reset();
  const auto text = property(value, "uuid");
  if (!text) {
    return;
  }
  const auto uuid = parse_uuid(*text);
  if (uuid && *uuid != Uuid{}) {
    config_.uuid = *uuid;
  } else {
    bad(fmt::format("smbios1: '{}' is not a UUID", printable(*text)));
  }
}

void ConfigParser::take_nic(std::string_view number, std::string_view value) {
  const auto net = parse_number<std::uint32_t>(number);
  if (!net || *net >= kMostNics) {
    return; // another option, such as a later version may have
  }
  config_.nics.erase(*net);
  const auto mac = kind_ == GuestKind::vm ? vm_mac(value)
                                          : parse_mac(property(value, "hwaddr").value_or(std::string_view()));
  if (mac) {
    config_.nics.emplace(*net, *mac);
  } else {
    bad(fmt::format("net{}: no MAC address", *net));
  }
}

void ConfigParser::bad(std::string_view what) {
  if (++config_.bad_items == 1) {
    config_.first_bad = fmt::format("line {}: {}", line_, what);
  }
}

} // namespace

GuestConfig parse_guest_config(GuestKind kind, std::string_view text) {
  return ConfigParser(kind).parse(text);
}

} // namespace sfa::guests
