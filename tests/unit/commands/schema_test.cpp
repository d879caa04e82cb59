#include "commands/schema.hpp"
#include "paths.hpp"

#include "commands/print.hpp"
#include "config/options.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

using namespace sfa;
using namespace sfa::commands;
using namespace sfa::config;

namespace {

constexpr std::string_view kBegin = "<!-- generated: options -->\n";
constexpr std::string_view kEnd = "<!-- end -->";

std::string content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("the option table in docs/configuration.md is the one of this build") {
  // With UPDATE_EXPECTED=1 in the environment it is written anew.
  const std::string path = test::source_directory() / "docs" / "configuration.md";
  std::string page = content(path);
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd, begin);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto table = begin + kBegin.size();
  if (std::getenv("UPDATE_EXPECTED") != nullptr) {
    page.replace(table, end - table, markdown_option_table());
    std::ofstream(path, std::ios::binary) << page;
  } else {
    CHECK(page.substr(table, end - table) == markdown_option_table());
  }
}

TEST_CASE("the JSON Schema knows every option and section") {
  const auto schema = nlohmann::json::parse(json_schema());
  CHECK(schema["properties"]["polling"]["default"] == 30);
  CHECK(schema["properties"]["polling"]["anyOf"][0]["maximum"] == kMaxPolling);
  CHECK(schema["properties"]["counterPollingInterval"]["deprecated"] == true);
  CHECK(schema["properties"]["collectors"]["anyOf"][0]["items"]["required"][0] == "ip");
  CHECK(schema["properties"]["os10"]["properties"]["port"]["anyOf"][1]["properties"].contains("dev"));
  CHECK(schema["properties"]["epcap"]["anyOf"][1]["properties"].contains("dev.pattern"));
  CHECK(schema["patternProperties"].size() == 2);
  for (const auto& option : all_options()) {
    INFO(option.name);
    CHECK((option.is_family() || !option.section.empty() ||
           schema["properties"].contains(std::string(option.name))));
  }
  for (const auto& section : all_sections()) {
    INFO(section.path);
    CHECK((section.path.find('.') != section.path.npos ||
           schema["properties"].contains(std::string(section.path))));
  }
}

TEST_CASE("a YAML scalar is quoted where a reader would take it for something else") {
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
