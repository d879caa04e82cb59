#include "guests/proxmox/guest_config.hpp"

#include "guests/proxmox/guest_devices.hpp"
#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sfa::guest_config_test {

using namespace guests;
using namespace test;

namespace {

constexpr std::uint64_t kMebibyte = 1U << 20U;

std::string text_of(const std::string& file) {
  return value_of(SysRoot(fixtures_directory() / "proxmox").read("etc/pve/nodes/pve1/" + file)).value();
}

GuestConfig vm(std::string_view text) {
  return parse_guest_config(GuestKind::vm, text);
}

sflow::MacAddress mac(std::uint8_t slot, std::uint8_t last) {
  return {0xbc, 0x24, 0x11, 0, slot, last};
}

} // namespace

TEST_CASE("the configuration of a VM ends before its snapshots") {
  const auto config = vm(text_of("qemu-server/100.conf"));
  CHECK(config == GuestConfig{.name = "web1",
                              .uuid = value_of(parse_uuid("10000000-0000-4000-8000-000000000100")),
                              .memory = 4096 * kMebibyte,
                              .cpus = 4,
                              .is_template = false,
                              .nics = {{0, {0xbc, 0x24, 0x11, 0, 1, 0}}}});
}

TEST_CASE("pending changes and cloud-init are no part of the configuration") {
  const auto config = vm(text_of("qemu-server/101.conf"));
  CHECK(config.name == "db.example");
  CHECK(config.memory == 8192 * kMebibyte); // as current=8192
  CHECK(config.cpus == 3U);                 // vcpus
  CHECK(config.nics == std::map<std::uint32_t, sflow::MacAddress>{{0, mac(1, 1)}, {1, mac(1, 0x11)}});
  CHECK(config.bad_items == 0);
}

TEST_CASE("the UUID of an encoded smbios1 is plain") {
  CHECK(vm(text_of("qemu-server/101.conf")).uuid ==
        value_of(parse_uuid("10000000-0000-4000-8000-000000000101")));
}

TEST_CASE("a VM without most options has the defaults of Proxmox VE") {
  const auto config = vm("ostype: l26\n");
  CHECK(config == GuestConfig{.memory = 512 * kMebibyte, .cpus = 1});
}

TEST_CASE("the configuration of a container has its hostname and MACs") {
  const auto config = parse_guest_config(GuestKind::container, text_of("lxc/102.conf"));
  CHECK(config.name == "dns1");
  CHECK(config.memory == 1024 * kMebibyte);
  CHECK_FALSE(config.cpus);
  CHECK_FALSE(config.uuid);
  CHECK(config.nics == std::map<std::uint32_t, sflow::MacAddress>{{0, mac(1, 2)}});
  CHECK(config.bad_items == 0);
  CHECK(parse_guest_config(GuestKind::container, "cores: 2\n").cpus == 2U);
}

TEST_CASE("a template is one") {
  CHECK(vm(text_of("qemu-server/107.conf")).is_template);
  CHECK_FALSE(vm("template: 0\n").is_template);
}

TEST_CASE("a bad option costs that option, and the first one is reported with its line") {
  const auto config = vm("name: web1\n"
                         "net0: virtio=BC:24:11:00:01:00,bridge=vmbr0\n"
                         "net1: virtio=BC:24:11:00:01,bridge=vmbr0\n"
                         "memory: lots\n"
                         "cores: 0\n"
                         "smbios1: uuid=10000000-0000\n");
  CHECK(config.name == "web1");
  CHECK(config.nics.size() == 1);
  CHECK_FALSE(config.memory);
  CHECK_FALSE(config.cpus);
  CHECK_FALSE(config.uuid);
  CHECK(config.bad_items == 4);
  CHECK(config.first_bad == "line 3: net1: no MAC address");
}

TEST_CASE("numbers that no guest has are refused") {
  CHECK(vm("memory: 99999999999999\n").bad_items == 1);
  CHECK(vm("memory: -1\n").bad_items == 1);
  CHECK(vm("memory: current=\n").bad_items == 1);
  CHECK(vm("cores: 4294967295\nsockets: 4294967295\n").bad_items == 2);
  CHECK(vm("smbios1: uuid=00000000-0000-0000-0000-000000000000\n").bad_items == 1);
  CHECK(vm("net0: virtio=00:00:00:00:00:00,bridge=vmbr0\n").bad_items == 1);
  CHECK(vm("net99: virtio=BC:24:11:00:01:00\n") == vm(""));
}

TEST_CASE("of an option that appears twice the last value counts") {
  const auto config = vm("name: first\nmemory: bad\nname: second\nmemory: 2048\n"
                         "net0: virtio=BC:24:11:00:01:00\nnet0: bridge=vmbr0\n");
  CHECK(config.name == "second");
  CHECK(config.memory == 2048 * kMebibyte);
  CHECK(config.nics.empty());
}

TEST_CASE("a name with control characters or a line that is no option is reported readably") {
  const auto config = vm("name: a\x1b[31mb\n");
  CHECK(config.name.empty());
  CHECK(config.first_bad == "line 1: name: 'a\\x1b[31mb' is not a DNS name");
  CHECK(vm(std::string_view("\0\0\n", 3)).bad_items == 1);
  CHECK(vm("Name: x\n").bad_items == 1);
  CHECK(vm("\r\n  \n#name: x\n") == vm(""));
}

TEST_CASE("a line of a megabyte costs itself, and its report is short") {
  constexpr std::size_t kMegabyte = std::size_t{1} << 20U;
  const auto config = vm("name: " + std::string(kMegabyte, 'a') + "\nmemory: 2048\n");
  CHECK(config.name.empty());
  CHECK(config.memory == 2048 * kMebibyte);
  CHECK(config.first_bad.size() < 200);
  CHECK(vm("args: " + std::string(kMegabyte, ',') + "\n").bad_items == 0);
}

TEST_CASE("a configuration that is cut short at any byte is read") {
  for (const auto* file : {"qemu-server/100.conf", "qemu-server/101.conf", "lxc/102.conf"}) {
    const auto text = text_of(file);
    const auto kind = std::string_view(file).starts_with("lxc") ? GuestKind::container : GuestKind::vm;
    std::size_t nics = 0;
    for (std::size_t size = 0; size <= text.size(); ++size) {
      const std::string cut(text.data(), size); // on the heap, so that a read past its end is caught
      const auto config = parse_guest_config(kind, cut);
      CHECK(config.bad_items <= 1);
      CHECK((config.bad_items == 0) == config.first_bad.empty());
      nics = std::max(nics, config.nics.size());
    }
    CHECK(nics > 0);
  }
}

TEST_CASE("the name of a device says whose it is") {
  CHECK(parse_guest_device("tap100i0") == GuestDeviceName{.vmid = 100, .net = 0, .nic_of = GuestKind::vm});
  CHECK(parse_guest_device("veth102i31") ==
        GuestDeviceName{.vmid = 102, .net = 31, .nic_of = GuestKind::container});
  CHECK(parse_guest_device("fwln100o1") == GuestDeviceName{.vmid = 100, .net = 1, .nic_of = {}});
  CHECK(parse_guest_device("fwpr100p1") == GuestDeviceName{.vmid = 100, .net = 1, .nic_of = {}});
  CHECK(parse_guest_device("tap999999999i1"));
}

TEST_CASE("other names are of no guest") {
  for (const auto* name : {"tap10i0", "tap100i0x", "tap100", "tap100i", "tapi0", "tap0100i0", "tap100i00",
                           "tap100i32", "tap1000000000i0", "tap-100i0", "tap+100i0", "tap100o0", "fwbr100i0",
                           "fwln100i0", "fwln100p0", "veth100", "vetha1b2c3d", "vmbr0", ""}) {
    INFO(name);
    CHECK_FALSE(parse_guest_device(name));
  }
}

} // namespace sfa::guest_config_test
