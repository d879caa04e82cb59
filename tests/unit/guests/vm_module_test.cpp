#include "guests/vm_module.hpp"

#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

namespace sfa::guests_vm_module_test {

using namespace guests;
using namespace host;
using namespace test;

namespace {

const VmSourceOptions kOptions{.root = SysRoot(), .uri = "test:///default", .changed = [] {}};

std::string why_not(const std::filesystem::path& directory, std::string_view name) {
  const auto source = load_vm_source(directory, name, kOptions);
  return source ? "" : source.error().message;
}

} // namespace

TEST_CASE("a module is loaded and makes a source") {
  auto source = load_vm_source(TEST_MODULES, "fitting", kOptions);
  INFO((source ? "no error" : source.error().message));
  REQUIRE(source);
  CHECK(value_of((*source)->list()).vms == std::vector{Uuid{7}});
}

TEST_CASE("a module that is missing or from another build is one clear line") {
  const std::string modules = TEST_MODULES;
  CHECK(why_not(modules, "missing") == modules + "/missing.so is not installed");
  CHECK(why_not(modules, "older") == modules + "/older.so is from another build of hsflowd: interface " +
                                         std::to_string(kVmInterface) + ", version 0.0.1; this hsflowd has " +
                                         std::to_string(kVmInterface) + ", " + kVersion);
  CHECK(why_not(modules, "other_interface").find("is from another build of hsflowd: interface 0,") !=
        std::string::npos);
  CHECK(why_not(modules, "foreign") == modules + "/foreign.so is not a module of hsflowd");

  const TemporaryHost host;
  host.write("text.so", "this is not a library");
  const auto why = why_not(host.path(), "text");
  CHECK(why.starts_with("cannot load " + (host.path() / "text.so").native()));
  CHECK(why.find('\n') == std::string::npos);
}

} // namespace sfa::guests_vm_module_test
