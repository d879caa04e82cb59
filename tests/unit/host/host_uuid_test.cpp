#include "host/host_uuid.hpp"

#include "fixture_host.hpp"

#include <systemd/sd-id128.h>

namespace sfa::host_uuid_test {

using namespace host;
using namespace test;

namespace {

std::string found(const SysRoot& root, std::string_view configured = "", std::string_view machine_id = "") {
  const auto uuid = find_host_uuid(root, configured, machine_id);
  REQUIRE(uuid);
  return format_uuid(uuid->value);
}

} // namespace

TEST_CASE("the configured UUID wins over the firmware's, and that over the machine id") {
  const auto root = fixture_host("kernel-3.10");
  CHECK(found(root, "11111111-2222-3333-4444-555555555555", "id") == "11111111-2222-3333-4444-555555555555");
  CHECK(found(root, "", "id") == "4c4c4544-0042-3510-8052-b4c04f4a4e31");
  CHECK(find_host_uuid(root, "", "").value().origin == UuidOrigin::firmware);
}

TEST_CASE("without a firmware's UUID it is derived from the machine id, which it does not reveal") {
  const auto root = fixture_host("arm64");
  CHECK(found(root) == "082d2986-0eb8-4206-9c8e-5674e2bc3e01");
  CHECK(find_host_uuid(root, "", "").value().origin == UuidOrigin::machine_id);
  CHECK(found(root, "", "00112233445566778899aabbccddeeff") == found(root));
  CHECK(found(fixture_host("microvm-6.18")) == "c5a02fb7-003a-441f-bfa3-6f89f59fd542");
}

TEST_CASE("a machine id may be any text") {
  CHECK(found(fixture_host("arm64"), "", "rack-7/host-12") == "f317504a-2acc-4d9f-a6b0-826cf1e4bc3e");
}

TEST_CASE("the UUID derived from a machine id is what systemd derives for our application id") {
  // systemd-id128 machine-id --app-specific=d4546420-5599-4c23-987f-8d3452ba103a of systemd 252
  CHECK(format_uuid(derive_uuid("00112233445566778899aabbccddeeff")) ==
        "082d2986-0eb8-4206-9c8e-5674e2bc3e01");
  sd_id128_t raw{};
  sd_id128_t derived{};
  const auto application = SD_ID128_MAKE(d4, 54, 64, 20, 55, 99, 4c, 23, 98, 7f, 8d, 34, 52, ba, 10, 3a);
  if (sd_id128_get_machine(&raw) < 0 || sd_id128_get_machine_app_specific(application, &derived) < 0) {
    WARN("not compared with this host's systemd: the host has no machine id");
    return;
  }
  Uuid expected{};
  Uuid id{};
  std::copy(std::begin(derived.bytes), std::end(derived.bytes), expected.begin());
  std::copy(std::begin(raw.bytes), std::end(raw.bytes), id.begin());
  CHECK(derive_uuid(format_uuid(id)) == expected);
}

TEST_CASE("a firmware UUID that many boards share is not used") {
  const TemporaryHost host;
  host.write("etc/machine-id", "00112233445566778899aabbccddeeff\n");
  for (const auto* shared :
       {"00000000-0000-0000-0000-000000000000\n", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n",
        "03000200-0400-0500-0006-000700080009\n", "00020003-0004-0005-0006-000700080009\n", "Not Settable\n",
        ""}) {
    INFO(shared);
    host.write("sys/class/dmi/id/product_uuid", shared);
    CHECK(found(host.root()) == "082d2986-0eb8-4206-9c8e-5674e2bc3e01");
  }
}

TEST_CASE("the UUID of a host without any id is unknown and zero") {
  CHECK(find_host_uuid(fixture_host("container"), "", "") == HostUuid{});
  CHECK(find_host_uuid(fixture_host("xen-dom0"), "", "") == HostUuid{});
  CHECK(HostUuid{}.origin == UuidOrigin::unknown);
}

TEST_CASE("a malformed configured UUID is an error and not replaced by another") {
  CHECK(!find_host_uuid(fixture_host("kernel-3.10"), "4c4c4544", ""));
}

TEST_CASE("the firmware's UUID cut short at any byte is a UUID or an error") {
  cut_short_at_every_byte("sys/class/dmi/id/product_uuid", [](std::string_view text) {
    return parse_uuid(text.substr(0, std::min<std::size_t>(text.size(), 36)));
  });
}

} // namespace sfa::host_uuid_test
