#include "guests/libvirt/domain_xml.hpp"

#include "common/text.hpp"
#include "host/interface.hpp"

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::string_view kScheme = "http://";

std::string_view without_scheme(std::string_view os_id) {
  return os_id.starts_with(kScheme) ? os_id.substr(kScheme.size()) : std::string_view();
}

// Whoever writes the metadata chooses the prefixes. libosinfo's element is always an `os` whose `id` begins
// with kScheme.
std::string find_os_id(const pugi::xml_node& domain) {
  const auto os = domain.child("metadata").find_node([](const pugi::xml_node& node) {
    const std::string_view name = node.name();
    return (name == "os" || name.ends_with(":os")) && !without_scheme(node.attribute("id").value()).empty();
  });
  return os.attribute("id").value();
}

} // namespace

Result<DomainXml> parse_domain_xml(std::string_view text) {
  pugi::xml_document document;
  // Only XML's own entities are expanded, and a DTD is skipped. So a small text cannot expand into a large
  // one.
  const auto parsed = document.load_buffer(text.data(), text.size());
  const auto domain = document.child("domain");
  if (!parsed || !domain) {
    return failure("not a domain's XML: {}", parsed ? "no <domain>" : parsed.description());
  }
  const auto devices = domain.child("devices");
  DomainXml result{.arch = domain.child("os").child("type").attribute("arch").value(),
                   .os_id = find_os_id(domain),
                   .nics = {},
                   .has_disks = !devices.child("disk").empty()};
  for (const auto& nic : devices.children("interface")) {
    const auto mac = host::parse_mac_address(nic.child("mac").attribute("address").value());
    result.nics.push_back(
        {.target = nic.child("target").attribute("dev").value(), .mac = mac ? *mac : std::nullopt});
  }
  return result;
}

std::uint32_t os_name(std::string_view os_id) {
  constexpr std::uint32_t kLinux = 2;
  constexpr std::uint32_t kSolaris = 12;
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 26> kByPrefix{
      {{"almalinux.org/", kLinux},
       {"alpinelinux.org/", kLinux},
       {"altlinux.org/", kLinux},
       {"amazon.com/", kLinux},
       {"archlinux.org/", kLinux},
       {"centos.org/", kLinux},
       {"debian.org/", kLinux},
       {"fedoraproject.org/", kLinux},
       {"gentoo.org/", kLinux},
       {"guix.gnu.org/", kLinux},
       {"nixos.org/", kLinux},
       {"opensuse.org/", kLinux},
       {"oracle.com/ol/", kLinux},
       {"redhat.com/", kLinux},
       {"rockylinux.org/", kLinux},
       {"suse.com/", kLinux},
       {"ubuntu.com/", kLinux},
       {"voidlinux.org/", kLinux},
       {"microsoft.com/", 3},
       {"apple.com/", 4},
       {"dragonflybsd.org/", 7},
       {"freebsd.org/", 8},
       {"netbsd.org/", 9},
       {"openbsd.org/", 10},
       {"oracle.com/solaris/", kSolaris},
       {"sun.com/solaris/", kSolaris}}};
  const auto rest = without_scheme(os_id);
  const auto row =
      std::ranges::find_if(kByPrefix, [&](const auto& pair) { return rest.starts_with(pair.first); });
  return row == kByPrefix.end() ? 0 : row->second;
}

std::string os_release(std::string_view os_id) {
  const auto rest = without_scheme(os_id);
  const auto slash = rest.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(rest.substr(slash + 1));
}

} // namespace sfa::guests
