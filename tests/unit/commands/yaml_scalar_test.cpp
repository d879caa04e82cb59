#include "commands/yaml_scalar.hpp"

#include <catch2/catch.hpp>

namespace sfa::commands_yaml_scalar_test {

using namespace commands;

TEST_CASE("a YAML scalar has quotes if a reader could take it for something else") {
  for (const auto* plain : {"eth0", "192.0.2.1", ".example.com", "a/b-c_d"}) {
    CHECK(yaml_scalar(plain, true) == plain);
  }
  for (const auto* special : {"on", "Yes", "null", "123", "1.5", "0x1f", "1e5", "::1", "!x", "a: b", "#", "",
                              "-", "- a", ".5", ".inf", "2001-01-01"}) {
    CHECK(yaml_scalar(special, true) == "\"" + std::string(special) + "\"");
  }
  CHECK(yaml_scalar("20", false) == "20");
  CHECK(yaml_scalar("on", false) == "on");
  CHECK(yaml_scalar("a\"\\\n", true) == R"("a\"\\\x0a")");
}

} // namespace sfa::commands_yaml_scalar_test
