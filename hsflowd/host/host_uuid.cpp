#include "host/host_uuid.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sfa::host {

namespace {

// Ours alone, so that no other program derives the same UUID from a machine id. Never change it: hosts would
// be renamed.
constexpr Uuid kApplicationId{0xd4, 0x54, 0x64, 0x20, 0x55, 0x99, 0x4c, 0x23,
                              0x98, 0x7f, 0x8d, 0x34, 0x52, 0xba, 0x10, 0x3a};

constexpr std::size_t kTextSize = 36;

bool is_dash_place(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

// The 32 digits; nothing when dashes stand where they should not.
std::optional<std::string> digits_of(std::string_view text) {
  if (text.size() == 32) {
    return std::string(text);
  }
  if (text.size() != kTextSize) {
    return std::nullopt;
  }
  std::string digits;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_dash_place(at) != (text[at] == '-')) {
      return std::nullopt;
    }
    if (text[at] != '-') {
      digits += text[at];
    }
  }
  return digits;
}

std::optional<Uuid> firmware_uuid(const SysRoot& root) {
  const auto text = root.read("sys/class/dmi/id/product_uuid");
  if (!text || !*text) {
    return std::nullopt;
  }
  const auto uuid = parse_uuid(trim(**text));
  return uuid && is_unique(*uuid) ? std::optional(*uuid) : std::nullopt;
}

// Nothing while there is none: before the first boot of an image has set it, it is empty or says
// "uninitialized".
std::optional<std::string> machine_id_of(const SysRoot& root) {
  const auto text = root.read("etc/machine-id");
  if (!text || !*text) {
    return std::nullopt;
  }
  const auto id = parse_uuid(trim(**text));
  return id && is_unique(*id) ? std::optional<std::string>(trim(**text)) : std::nullopt;
}

} // namespace

Result<Uuid> parse_uuid(std::string_view text) {
  const auto digits = digits_of(text);
  Uuid uuid{};
  for (std::size_t i = 0; digits && i < uuid.size(); ++i) {
    const auto byte = parse_number<std::uint8_t>(std::string_view(*digits).substr(2 * i, 2), 16);
    if (!byte) {
      return failure("'{}' is not a UUID", printable(text));
    }
    uuid[i] = *byte;
  }
  if (!digits) {
    return failure("'{}' is not a UUID", printable(text));
  }
  return uuid;
}

std::string format_uuid(const Uuid& uuid) {
  std::string text;
  for (const auto byte : uuid) {
    if (is_dash_place(text.size())) {
      text += '-';
    }
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

bool is_unique(const Uuid& uuid) {
  // The sample value of a firmware kit that many boards were sold with, in both of SMBIOS's byte orders.
  constexpr std::array kSamples{
      Uuid{0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09},
      Uuid{0x00, 0x02, 0x00, 0x03, 0x00, 0x04, 0x00, 0x05, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09}};
  const auto all = [&](std::uint8_t value) {
    return std::ranges::all_of(uuid, [value](std::uint8_t byte) { return byte == value; });
  };
  return !all(0x00) && !all(0xff) && std::ranges::find(kSamples, uuid) == kSamples.end();
}

Uuid derive_uuid(std::string_view machine_id) {
  const auto id = parse_uuid(machine_id);
  const auto key = id ? std::vector<std::uint8_t>(id->begin(), id->end())
                      : std::vector<std::uint8_t>(machine_id.begin(), machine_id.end());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), kApplicationId.data(), kApplicationId.size(),
       digest.data(), nullptr);
  Uuid uuid{};
  std::ranges::copy_n(digest.begin(), std::ssize(uuid), uuid.begin());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40); // version 4: RFC 4122, section 4.4
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

Result<HostUuid> find_host_uuid(const SysRoot& root, std::string_view configured,
                                std::string_view machine_id) {
  if (!configured.empty()) {
    return parse_uuid(configured).map([](const Uuid& uuid) {
      return HostUuid{uuid, UuidOrigin::configured};
    });
  }
  if (const auto uuid = firmware_uuid(root)) {
    return HostUuid{*uuid, UuidOrigin::firmware};
  }
  if (!machine_id.empty()) {
    return HostUuid{derive_uuid(machine_id), UuidOrigin::machine_id};
  }
  if (const auto id = machine_id_of(root)) {
    return HostUuid{derive_uuid(*id), UuidOrigin::machine_id};
  }
  return HostUuid{};
}

} // namespace sfa::host
