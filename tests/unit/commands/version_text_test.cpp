#include "commands/version_text.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <regex>

namespace sfa::commands_version_text_test {

using namespace commands;
using Catch::Contains;

TEST_CASE("the version names the installed modules and no other files") {
  std::string name = "/tmp/version_text_test.XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const std::filesystem::path directory = name;
  for (const auto* file : {"xen.so", "libvirt.so", "README"}) {
    std::ofstream(directory / file) << "";
  }
  CHECK_THAT(version_text(directory), Contains("Modules in " + name + ": libvirt, xen\n"));
  std::filesystem::remove_all(directory);
  CHECK_THAT(version_text(directory), Contains(": none\n"));
}

TEST_CASE("each library has a version") {
  const auto text = version_text("/nonexistent");
  const std::regex library(
      R"((c-ares|fmt|libcap-ng|libgcrypt|libmnl|libpcap|libsystemd|spdlog|yaml-cpp) \d+(\.\d+)*)");
  const auto found =
      std::distance(std::sregex_iterator(text.begin(), text.end(), library), std::sregex_iterator());
  CHECK(found == 9);
}

} // namespace sfa::commands_version_text_test
