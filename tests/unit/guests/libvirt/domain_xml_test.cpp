#include "guests/libvirt/domain_xml.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace sfa::libvirt_domain_xml_test {

using namespace guests;
using namespace sflow;

namespace {

// As libvirt 9 shows a running domain, shortened.
constexpr std::string_view kDomain = R"(<domain type='kvm' id='3'>
  <name>web&amp;db</name>
  <uuid>00000000-0000-4000-8000-000000000001</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/12"/>
    </libosinfo:libosinfo>
  </metadata>
  <os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type><boot dev='hd'/></os>
  <devices>
    <disk type='network' device='disk'><source protocol='rbd' name='pool/image'/><target dev='vda'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:99:00:01'/><source bridge='br0'/>
      <virtualport type='openvswitch'><parameters interfaceid='x'/></virtualport>
      <target dev='vnet0'/><model type='virtio'/>
    </interface>
    <interface type='hostdev' managed='yes'>
      <mac address='52:54:00:99:00:02'/>
      <source><address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x0'/></source>
    </interface>
  </devices>
</domain>
)";

} // namespace

TEST_CASE("a domain's XML has its architecture, its operating system and its NICs") {
  const auto domain = parse_domain_xml(kDomain);
  REQUIRE(domain);
  CHECK(*domain == DomainXml{.arch = "x86_64",
                             .os_id = "http://debian.org/debian/12",
                             .nics = {{.target = "vnet0", .mac = MacAddress{0x52, 0x54, 0, 0x99, 0, 1}},
                                      {.target = "", .mac = MacAddress{0x52, 0x54, 0, 0x99, 0, 2}}},
                             .has_disks = true});
}

TEST_CASE("a domain needs no metadata, devices or valid MAC address") {
  CHECK(parse_domain_xml("<domain type='test'><name>x</name></domain>") == DomainXml{});
  const auto nic = parse_domain_xml("<domain><devices><interface><mac address='nonsense'/>"
                                    "<target dev='vnet1'/></interface></devices></domain>");
  REQUIRE(nic);
  REQUIRE(nic->nics.size() == 1);
  CHECK_FALSE(nic->nics[0].mac);
}

TEST_CASE("a text that is no domain's XML is an error") {
  for (const std::string text : {"", "domain", "<network/>", "<domain><os></domain>"}) {
    INFO(text);
    const auto domain = parse_domain_xml(text);
    REQUIRE_FALSE(domain);
    CHECK(domain.error().message.starts_with("not a domain's XML: "));
  }
}

TEST_CASE("entities that a domain's XML defines are not expanded") {
  const auto domain = parse_domain_xml("<!DOCTYPE x [<!ENTITY a \"boom\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
                                       "<domain><os><type arch='&b;'/></os></domain>");
  REQUIRE(domain);
  CHECK(domain->arch == "&b;");
}

TEST_CASE("a domain's XML cut short at every byte is parsed or refused") {
  for (std::size_t size = 0; size < kDomain.size(); ++size) {
    const std::string cut(kDomain.data(), size);
    const auto domain = parse_domain_xml(cut);
    CHECK((domain || !domain.error().message.empty()));
  }
}

TEST_CASE("libosinfo's ids become operating systems of sFlow") {
  CHECK(os_name("http://debian.org/debian/12") == 2);
  CHECK(os_name("http://ubuntu.com/ubuntu/22.04") == 2);
  CHECK(os_name("http://oracle.com/ol/9.0") == 2);
  CHECK(os_name("http://oracle.com/solaris/11") == 12);
  CHECK(os_name("http://microsoft.com/win/11") == 3);
  CHECK(os_name("http://freebsd.org/freebsd/13.1") == 8);
  CHECK(os_name("http://example.com/os/1") == 0);
  CHECK(os_name("http://notdebian.org/debian/12") == 0);
  CHECK(os_name("") == 0);
  CHECK(os_release("http://debian.org/debian/12") == "debian/12");
  CHECK(os_release("http://debian.org") == "");
  CHECK(os_release("") == "");
}

} // namespace sfa::libvirt_domain_xml_test
