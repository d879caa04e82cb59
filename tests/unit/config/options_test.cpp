#include "config/options.hpp"

#include "common/text.hpp"
#include "config/load.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <set>

namespace sfa::config_options_test {

using namespace config;

namespace {

// A valid value of the type, the largest if there is one.
std::string example(const Type& type) {
  switch (type.kind) {
  case Kind::number:
    return std::to_string(type.max);
  case Kind::boolean:
    return "on";
  case Kind::address:
    return "2001:db8::1";
  case Kind::host:
    return "a.example.com";
  case Kind::cidr:
    return "!10.0.0.0/8";
  case Kind::uuid:
    return "4c4c4544-0051-3510-8052-b4c04f4a4231";
  case Kind::domain:
    return ".example.com";
  case Kind::choice:
    return std::string(type.choices.substr(0, type.choices.find('|')));
  case Kind::names:
    return "br-int,br-ex*";
  case Kind::device:
  case Kind::name:
  case Kind::text:
    return "eth0";
  }
  return "";
}

std::string in_section(std::string_view section, const std::string& body) {
  return section.empty() ? body : fmt::format("{} {{ {} }}", section, body);
}

} // namespace

TEST_CASE("every option's largest value reaches the configuration unchanged") {
  for (const auto& option : all_options()) {
    INFO(option.section << " " << option.name);
    const std::string text = example(option.type);
    const auto value = parse_value(option.type, text);
    REQUIRE(value);
    CHECK(format_value(*value) == text);
    Config config;
    config.collectors.emplace_back();
    option.access.set(config, *value, "x");
    const auto got = option.access.get(config, 0);
    REQUIRE(got.size() == 1);
    CHECK(format_value(got[0].value) == text);
    CHECK(got[0].name == (option.is_family() ? "x" : ""));
  }
}

TEST_CASE("the defaults of the table are those of the configuration") {
  for (const auto& option : all_options()) {
    INFO(option.section << " " << option.name);
    Config config;
    config.collectors.emplace_back();
    const auto values = option.access.get(config, 0);
    CHECK((values.empty() ? "" : format_value(values[0].value)) == option.standard);
    CHECK((option.standard.empty() || parse_value(option.type, option.standard)));
  }
}

TEST_CASE("every option and every alias is accepted in its own section") {
  const auto check_accepted = [](std::string_view section, const std::string& key, const Option& option) {
    const auto body = in_section(section, fmt::format("{} = {}", key, example(option.type)));
    INFO(body);
    const auto loaded = load_config("sflow { collector { ip=192.0.2.1 } " + body + " }", "f");
    for (const auto& diagnostic : loaded.diagnostics) {
      const bool explained = diagnostic.message.find("deprecated") != std::string::npos ||
                             diagnostic.message.find("without `ip`") != std::string::npos;
      CHECKED_ELSE(explained) {
        FAIL(diagnostic.to_string());
      }
    }
  };
  for (const auto& option : all_options()) {
    check_accepted(option.section, option.is_family() ? option_key(option, "x") : std::string(option.name),
                   option);
  }
  for (const auto& alias : all_aliases()) {
    const auto found = find_option(alias.section, alias.name);
    REQUIRE(found);
    CHECK(found->alias == &alias);
    check_accepted(alias.section, std::string(alias.name), *found->option);
  }
}

TEST_CASE("no name is in the table twice, and each section of an option is in the table") {
  std::set<std::string> seen;
  const auto check_key = [&](std::string_view section, std::string_view name) {
    CHECK(seen.insert(to_lower(fmt::format("{}/{}", section, name))).second);
    CHECK((section.empty() || find_section("", section) != nullptr));
  };
  for (const auto& option : all_options()) {
    check_key(option.section, option.name);
  }
  for (const auto& alias : all_aliases()) {
    check_key(alias.section, alias.name);
  }
  for (const auto& section : all_sections()) {
    check_key("", section.name);
  }
  for (const auto& ignored : all_ignored_names()) {
    check_key(ignored.section, ignored.name);
  }
}

TEST_CASE(
    "the section that replaces a deprecated switch is in the table, and required options in a section") {
  for (const auto& option : all_options()) {
    CHECK((!option.deprecated() || find_section("", option.replaced_by) != nullptr));
    CHECK_FALSE((option.required() && option.section.empty()));
  }
}

TEST_CASE("an option that an ignored section shares with the top is in the table") {
  for (const auto& ignored : all_ignored_names()) {
    for (const auto option : split(ignored.shared_options, "|")) {
      CHECK(find_option("", option));
    }
  }
}

TEST_CASE("the name in a family cannot break the files that contain it") {
  CHECK(find_option("", "sampling.http.a-b_c:1").value().family_name == "http.a-b_c:1");
  for (const auto* key :
       {"sampling.", "sampling.a b", "sampling.a=b", "sampling.a\nb", "sampling.\xC3\xA4"}) {
    CHECK_FALSE(find_option("", key));
  }
}

TEST_CASE("names in a family that differ only in case are the same") {
  CHECK(find_option("", "sampling.HTTP.Apache").value().family_name == "http.apache");
  CHECK(find_option("", "Sampling.10g").value().family_name == "10G");
  CHECK(find_option("", "sampling.100m").value().family_name == "100M");
  CHECK(find_option("", "sampling.BPS_ratio").value().family_name == "bps_ratio");
  CHECK(find_option("", "sampling.7").value().family_name == "7");
}

TEST_CASE("sections are found by either name, at the top only") {
  CHECK(find_section("", "COLLECTORS")->name == "collector");
  CHECK(find_section("", "Collector")->name == "collector");
  CHECK(find_section("ovs", "collector") == nullptr);
  CHECK(find_section("", "docker") == nullptr);
  CHECK(find_section("", "") == nullptr);
  CHECK(find_ignored("", "DOCKER")->is_section);
  CHECK(find_ignored("xen", "vbd") != nullptr);
  CHECK(find_ignored("", "vbd") == nullptr);
}

TEST_CASE("the nearest key is suggested only if it is similar") {
  CHECK(nearest_key("", "smapling") == "sampling");
  CHECK(nearest_key("", "header") == "headerBytes");
  CHECK(nearest_key("collector", "port") == "UDPPort");
  CHECK(nearest_key("", "dnssd") == "DNSSD");
  CHECK(nearest_key("", "dokcer") == "docker");
  CHECK(nearest_key("ovs", "dokcer").empty());
  CHECK(nearest_key("", "zzzzzzzz").empty());
  CHECK(nearest_key("", std::string(100'000, 'x')).empty());
}

} // namespace sfa::config_options_test
