#include "commands/version_text.hpp"

#include "common/version.hpp"

#include <algorithm>
#include <ares.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gcrypt.h>
#include <pcap/pcap.h>
#include <spdlog/version.h>
#include <string_view>
#include <vector>

namespace sfa::commands {

namespace {

std::vector<std::string> modules_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".so") {
      names.push_back(entry.path().stem());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "libpcap version 1.10.3 (with TPACKET_V3)": the third word.
std::string_view pcap_version() {
  std::string_view text = pcap_lib_version();
  const std::string_view before = "libpcap version ";
  if (text.starts_with(before)) {
    text.remove_prefix(before.size());
  }
  return text.substr(0, text.find(' '));
}

} // namespace

std::string version_text(const std::filesystem::path& module_dir) {
  const auto modules = modules_in(module_dir);
  return fmt::format(
      "hsflowd {}\n"
      "Features: sFlow version 5, classic and YAML configuration, DNS-SD, collectors by name, in network "
      "namespaces and on devices, decoding of capture files, guests of Proxmox VE and of ports of Open "
      "vSwitch\n"
      "Modules in {}: {}\n"
      "Libraries: c-ares {}, fmt {}.{}.{}, libcap-ng {}, libgcrypt {}, libmnl {}, libpcap {}, libsystemd {}, "
      "spdlog "
      "{}.{}.{}, "
      "yaml-cpp {}",
      kVersion, module_dir.native(), modules.empty() ? "none" : fmt::format("{}", fmt::join(modules, ", ")),
      ares_version(nullptr), FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
      LIBCAP_NG_VERSION, gcry_check_version(nullptr), LIBMNL_VERSION, pcap_version(), LIBSYSTEMD_VERSION,
      SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH, YAML_CPP_VERSION);
}

} // namespace sfa::commands
