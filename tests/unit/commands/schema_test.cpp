#include "commands/schema.hpp"
#include "paths.hpp"

#include "config/options.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace sfa::commands_schema_test {

using namespace commands;
using namespace config;

namespace {

constexpr std::string_view kBegin = "<!-- generated: options -->\n";
constexpr std::string_view kEnd = "<!-- end -->";

std::string content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("the option table in docs/configuration.md is the one of this build") {
  // UPDATE_EXPECTED=1 in the environment rewrites the page.
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
  CHECK(schema["properties"]["collector"]["anyOf"][1]["required"][0] == "ip");
  CHECK(schema["properties"]["ovs"]["type"] == nlohmann::json{"object", "null"});
  CHECK(schema["properties"]["ovs"]["properties"].contains("bridges"));
  CHECK(schema["properties"]["xen"]["properties"].contains("vbd"));
  CHECK(schema["patternProperties"].size() == 2);
  for (const auto& option : all_options()) {
    INFO(option.name);
    CHECK((option.is_family() || !option.section.empty() ||
           schema["properties"].contains(std::string(option.name))));
  }
  for (const auto& section : all_sections()) {
    CHECK(schema["properties"].contains(std::string(section.name)));
  }
}

TEST_CASE("the JSON Schema accepts ignored names with any content") {
  const auto schema = nlohmann::json::parse(json_schema());
  for (const auto& ignored : all_ignored_names()) {
    if (ignored.section.empty()) {
      const auto& property = schema["properties"][std::string(ignored.name)];
      CHECK(property.size() == 1);
      CHECK(property["description"].get<std::string>().starts_with("Ignored by this build. "));
    }
  }
}

TEST_CASE("the JSON Schema demands a section that names collectors") {
  const auto schema = nlohmann::json::parse(json_schema());
  std::set<std::string> keys;
  for (const auto& alternative : schema["anyOf"]) {
    keys.insert(alternative["required"][0]);
  }
  CHECK(keys == std::set<std::string>{"collector", "collectors", "dns-sd", "DNSSD", "eapi", "sonic"});
}

} // namespace sfa::commands_schema_test
