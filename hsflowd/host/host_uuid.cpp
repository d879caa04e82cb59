#include "host/host_uuid.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <gcrypt.h>
#include <span>
#include <stdexcept>

namespace sfa::host {

namespace {

// Used by no other program, so none derives the same UUID from a machine id. Never change it: collectors
// would take every host for a new one.
constexpr Uuid kApplicationId{0xd4, 0x54, 0x64, 0x20, 0x55, 0x99, 0x4c, 0x23,
                              0x98, 0x7f, 0x8d, 0x34, 0x52, 0xba, 0x10, 0x3a};

// RFC 2104, with SHA-256.
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::span<const std::uint8_t> message) {
  static const bool initialized = [] {
    gcry_check_version(nullptr); // without it, libgcrypt logs an error
    gcry_control(GCRYCTL_DISABLE_SECMEM);
    return gcry_control(GCRYCTL_INITIALIZATION_FINISHED) == 0;
  }();
  const auto buffer = [](const void* data, std::size_t size) {
    gcry_buffer_t result{};
    result.data = const_cast<void*>(data); // only read
    result.len = result.size = size;
    return result;
  };
  const std::array buffers{buffer(key.data(), key.size()), buffer(message.data(), message.size())};
  std::array<std::uint8_t, 32> digest{};
  if (!initialized ||
      gcry_md_hash_buffers(GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC, digest.data(), buffers.data(), 2) != 0) {
    throw std::runtime_error("libgcrypt: no HMAC-SHA-256");
  }
  return digest;
}

std::optional<Uuid> firmware_uuid(const SysRoot& root) {
  const auto text = root.read("sys/class/dmi/id/product_uuid");
  if (!text || !*text) {
    return std::nullopt;
  }
  const auto uuid = parse_uuid(trim(**text));
  return uuid && is_unique(*uuid) ? std::optional(*uuid) : std::nullopt;
}

// nullopt if the host has none: before the first boot of an image, the file is empty or says "uninitialized".
std::optional<std::string> machine_id_of(const SysRoot& root) {
  const auto text = root.read("etc/machine-id");
  if (!text || !*text) {
    return std::nullopt;
  }
  const auto id = parse_uuid(trim(**text));
  return id && is_unique(*id) ? std::optional<std::string>(trim(**text)) : std::nullopt;
}

} // namespace

bool is_unique(const Uuid& uuid) {
  // The sample value of a firmware kit, which many boards kept; in both of SMBIOS's byte orders.
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
  const auto digest =
      hmac_sha256(id ? std::string(id->begin(), id->end()) : std::string(machine_id), kApplicationId);
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
