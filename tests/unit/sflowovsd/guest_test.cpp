#include "sflowovsd/guest.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace sfa::sflowovsd_guest_test {

using namespace sflowovsd;

namespace {

constexpr std::string_view kUuid = "74c745b6-f7ce-42cc-becb-d9d8a056cb9d";
constexpr std::string_view kOther = "0ec00fdc-8127-8817-40d4-79d61797f87a";
constexpr std::string_view kMac = "52:54:00:12:34:56";

Guest vm(std::string_view writer, std::string_view uuid) {
  return {.kind = GuestKind::vm, .writer = writer, .uuid = std::string(uuid), .key = std::string(uuid)};
}

Guest pod(std::string_view writer, const std::string& key) {
  return {.kind = GuestKind::container, .writer = writer, .key = key, .name = key};
}

Guest with_mac(Guest guest) {
  guest.mac = kMac;
  return guest;
}

} // namespace

TEST_CASE("the toolstack of XCP-ng names a virtual machine") {
  CHECK(guest_of({{"xs-vm-uuid", kUuid}, {"xs-vif-uuid", kOther}, {"attached-mac", kMac}}, "vif1.0") ==
        with_mac(vm("xapi", kUuid)));
}

TEST_CASE("OpenStack names a virtual machine") {
  CHECK(
      guest_of({{"vm-uuid", kUuid}, {"iface-id", kOther}, {"iface-status", "active"}, {"attached-mac", kMac}},
               "tap0f3fd2a1-7b") == with_mac(vm("openstack", kUuid)));
}

TEST_CASE("libvirt names a virtual machine") {
  CHECK(guest_of({{"vm-id", kUuid}, {"iface-id", kOther}, {"iface-status", "active"}, {"attached-mac", kMac}},
                 "vnet0") == with_mac(vm("libvirt", kUuid)));
}

TEST_CASE("a vm-id that libvirt did not write is Open vSwitch's own convention") {
  CHECK(guest_of({{"vm-id", kUuid}}, "p0") == vm("ovs", kUuid));
  CHECK(guest_of({{"vm-id", kUuid}, {"attached-mac", kMac}}, "p0") == with_mac(vm("ovs", kUuid)));
}

TEST_CASE("a UUID is written in lower case, with dashes") {
  CHECK(guest_of({{"vm-id", "74C745B6-F7CE-42CC-BECB-D9D8A056CB9D"}}, "p0") == vm("ovs", kUuid));
}

TEST_CASE("a vm-id that is no UUID is a key without UUID") {
  const Guest expected{.kind = GuestKind::vm, .writer = "ovs", .key = "web server 1"};
  CHECK(guest_of({{"vm-id", "web server 1"}}, "p0") == expected);
}

TEST_CASE("Antrea names a pod") {
  const std::string container(64, 'a');
  CHECK(guest_of({{"attached-mac", kMac},
                  {"ip-address", "10.0.0.2"},
                  {"container-id", container},
                  {"pod-name", "web-0"},
                  {"pod-namespace", "shop"}},
                 "web-0-1a2b3c") == with_mac(pod("antrea", "shop/web-0")));
  const Guest expected{.kind = GuestKind::container, .writer = "antrea", .key = container};
  CHECK(guest_of({{"container-id", container}, {"pod-name", "web-0"}}, "x") == expected);
}

TEST_CASE("OVN-Kubernetes names a pod") {
  Guest expected = with_mac(pod("ovn-kubernetes", "shop/web-0"));
  CHECK(guest_of({{"attached_mac", kMac}, {"iface-id", "shop_web-0"}, {"sandbox", "123abc"}},
                 "1a2b3c4d5e6f") == expected);
  expected.uuid = kUuid;
  CHECK(guest_of({{"attached_mac", kMac},
                  {"iface-id", "shop_web-0"},
                  {"iface-id-ver", kUuid},
                  {"sandbox", "123abc"}},
                 "1a2b3c4d5e6f") == expected);
}

TEST_CASE("a secondary network of OVN-Kubernetes names the same pod") {
  CHECK(guest_of({{"iface-id", "shop.blue.net_shop_web-0"}, {"sandbox", "123abc"}}, "x") ==
        pod("ovn-kubernetes", "shop/web-0"));
}

TEST_CASE("a sandbox without the name of a pod is a container") {
  const Guest expected{.kind = GuestKind::container, .writer = "ovn-kubernetes", .key = "123abc"};
  CHECK(guest_of({{"sandbox", "123abc"}}, "x") == expected);
  CHECK(guest_of({{"sandbox", "123abc"}, {"iface-id", "other"}}, "x") == expected);
}

TEST_CASE("Kube-OVN names a pod") {
  CHECK(guest_of({{"iface-id", "web-0.shop"},
                  {"vendor", "kube-ovn"},
                  {"pod_name", "web-0"},
                  {"pod_namespace", "shop"},
                  {"ip", "10.16.0.8"}},
                 "0f3fd2a17b_h") == pod("kube-ovn", "shop/web-0"));
  CHECK(!guest_of({{"pod_name", "web-0"}}, "x"));
}

TEST_CASE("Incus and LXD name an instance") {
  const std::string port = "incus-net3-instance-" + std::string(kUuid) + "-eth0";
  Guest expected{
      .kind = GuestKind::container, .writer = "incus", .uuid = std::string(kUuid), .key = std::string(kUuid)};
  CHECK(guest_of({{"iface-id", port}}, "vethabcd1234") == expected);
  expected.kind = GuestKind::vm;
  CHECK(guest_of({{"iface-id", port}}, "tapabcd1234") == expected);
}

TEST_CASE("the port of an OVN switch that is no instance names no guest") {
  for (std::size_t size = 0; size < kUuid.size() + 2; ++size) {
    const std::string port = "incus-net3-instance-" + (std::string(kUuid) + "-e").substr(0, size);
    CHECK(!guest_of({{"iface-id", port}}, "vethabcd1234"));
  }
  CHECK(!guest_of({{"iface-id", "incus-net3-ls-int-lsp-router"}}, "x"));
}

TEST_CASE("Proxmox VE names its guests by the port") {
  const auto guest = [](std::string_view name) { return guest_of({}, name); };
  const Guest machine{.kind = GuestKind::vm, .writer = "proxmox", .key = "100"};
  const Guest container{.kind = GuestKind::container, .writer = "proxmox", .key = "999999999"};
  CHECK(guest("tap100i0") == machine);
  CHECK(guest("tap100i31") == machine);
  CHECK(guest("fwln100o1") == machine);
  CHECK(guest("veth999999999i0") == container);
  for (const auto* name : {"",
                           "tap",
                           "tap100",
                           "tap100i",
                           "tap100i32",
                           "tap99i0",
                           "tap1000000000i0",
                           "tap0100i0",
                           "tap100i00",
                           "tap100i0x",
                           "tap-100i0",
                           "tap 100i0",
                           "tap+100i0",
                           "fwln100i0",
                           "fwpr100p0",
                           "veth100o0",
                           "xtap100i0",
                           "vnet0",
                           "tap99999999999999999999i0",
                           "veth100i0i0"}) {
    CHECK(!guest(name));
  }
}

TEST_CASE("what external_ids say counts before the name of the port") {
  CHECK(guest_of({{"vm-uuid", kUuid}}, "tap100i0") == vm("openstack", kUuid));
}

TEST_CASE("of several writers, the most specific one counts") {
  ExternalIds ids{{"xs-vm-uuid", kUuid}, {"vm-uuid", kOther},     {"pod-name", "a"}, {"pod-namespace", "n"},
                  {"sandbox", "s"},      {"pod_name", "b"},       {"vm-id", kOther}, {"pod_namespace", "n"},
                  {"container-id", "c"}, {"iface-id", "shop_web"}};
  std::string order;
  for (const auto* key :
       {"xs-vm-uuid", "vm-uuid", "pod-name", "container-id", "sandbox", "pod_name", "vm-id"}) {
    const auto guest = guest_of(ids, "tap100i0");
    REQUIRE(guest);
    order += std::string(guest->writer) + ' ';
    ids.erase(key);
  }
  CHECK(order == "xapi openstack antrea antrea ovn-kubernetes kube-ovn ovs ");
  CHECK(guest_of(ids, "tap100i0")->writer == "proxmox");
}

TEST_CASE("an iface-id alone names no guest") {
  CHECK(!guest_of({}, "br0"));
  CHECK(!guest_of({{"iface-id", kUuid}, {"iface-status", "active"}, {"attached-mac", kMac}}, "qr-0f3fd2a1"));
}

TEST_CASE("an empty value names no guest") {
  for (const auto* key : kGuestKeys) {
    CHECK(!guest_of({{key, ""}}, "p0"));
  }
  CHECK(guest_of({{"xs-vm-uuid", ""}, {"vm-id", kUuid}}, "p0") == vm("ovs", kUuid));
}

TEST_CASE("an identity that is too long is that of no guest") {
  const std::string longest(kLongestName, 'x');
  const std::string longer = longest + 'x';
  CHECK(guest_of({{"vm-id", longest}}, "p0")->key == longest);
  CHECK(!guest_of({{"vm-id", longer}}, "p0"));
  CHECK(!guest_of({{"sandbox", longer}}, "p0"));
  CHECK(!guest_of({{"pod_name", longest}, {"pod_namespace", "n"}}, "p0"));
}

TEST_CASE("a malformed MAC address is absent") {
  CHECK(parse_mac("52:54:00:AB:cd:ef") == "52:54:00:ab:cd:ef");
  for (std::size_t size = 0; size < kMac.size(); ++size) {
    CHECK(!parse_mac(kMac.substr(0, size)));
  }
  CHECK(!parse_mac("52:54:00:12:34:56:"));
  CHECK(!parse_mac("52-54-00-12-34-56"));
  CHECK(!parse_mac("52:54:00:12:34:5g"));
  CHECK(!guest_of({{"vm-id", kUuid}, {"attached-mac", "x"}}, "p0")->mac);
}

} // namespace sfa::sflowovsd_guest_test
