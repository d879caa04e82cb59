#include "config/options.hpp"

#include "config/load.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <set>

using namespace sfa;
using namespace sfa::config;

namespace {

// A value that the type takes, and the largest one where there is one.
std::string example(const Type& type) {
  switch (type.kind) {
  case Kind::number:
    return std::to_string(type.max);
  case Kind::boolean:
    return "on";
  case Kind::probability:
    return "0.5";
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
  case Kind::speed_range:
    return "1G-10G";
  case Kind::names:
    return "br-int,br-ex*";
  case Kind::device:
  case Kind::name:
  case Kind::text:
    return "eth0";
  }
  return "";
}

// "os10.port" around "dev = x" is "os10 { port { dev = x } }".
std::string nested(std::string_view path, const std::string& body) {
  if (path.empty()) {
    return body;
  }
  const auto dot = path.find('.');
  const auto rest = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
  return fmt::format("{} {{ {} }}", path.substr(0, dot), nested(rest, body));
}

} // namespace

TEST_CASE("every option's largest value reaches the configuration unchanged") {
  for (const auto& option : all_options()) {
    INFO(option.section << " " << option.name);
    const std::string text = example(option.type);
    const auto value = parse_value(option.type, text);
    REQUIRE(value);
    CHECK(format_value(*value) == text);
    if (!option.supported()) {
      continue;
    }
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
    if (option.supported()) {
      Config config;
      config.collectors.emplace_back();
      const auto values = option.access.get(config, 0);
      CHECK((values.empty() ? "" : format_value(values[0].value)) == option.standard);
    }
    CHECK((option.standard.empty() || parse_value(option.type, option.standard)));
  }
}

TEST_CASE("every option and every alias is taken in its own section, in both syntaxes") {
  const auto is_taken = [](std::string_view section, const std::string& key, const Option& option) {
    const auto body = nested(section, fmt::format("{} = {}", key, example(option.type)));
    INFO(body);
    const auto loaded = load_config("sflow { collector { ip=192.0.2.1 } " + body + " }", "f");
    for (const auto& diagnostic : loaded.diagnostics) {
      const bool explained = diagnostic.message.find("not supported") != std::string::npos ||
                             diagnostic.message.find("deprecated") != std::string::npos ||
                             diagnostic.message.find("without `ip`") != std::string::npos;
      CHECKED_ELSE(explained) {
        FAIL(diagnostic.to_string());
      }
    }
  };
  for (const auto& option : all_options()) {
    is_taken(option.section, option.is_family() ? option_key(option, "x") : std::string(option.name), option);
  }
  for (const auto& alias : all_aliases()) {
    if (!alias.name.empty()) {
      const auto found = find_option(alias.section, alias.name);
      REQUIRE(found);
      CHECK(found->alias == &alias);
      is_taken(alias.section, std::string(alias.name), *found->option);
    }
  }
}

TEST_CASE("no option stands in the table twice, and each section of an option is known") {
  std::set<std::string> seen;
  for (const auto& option : all_options()) {
    CHECK(seen.insert(fmt::format("{}/{}", option.section, option.name)).second);
    CHECK((option.section.empty() ||
           find_section(option.section.substr(0, option.section.find('.')) == option.section
                            ? ""
                            : option.section.substr(0, option.section.find('.')),
                        option.section.substr(option.section.rfind('.') + 1)) != nullptr));
  }
}

TEST_CASE("the name in a family may not break the files that it goes into") {
  CHECK(find_option("", "sampling.http.a-b_c:1").value().family_name == "http.a-b_c:1");
  for (const auto* key :
       {"sampling.", "sampling.a b", "sampling.a=b", "sampling.a\nb", "sampling.\xC3\xA4"}) {
    CHECK_FALSE(find_option("", key));
  }
}

TEST_CASE("names in a family that differ in case only are the same") {
  CHECK(find_option("", "sampling.HTTP.Apache").value().family_name == "http.apache");
  CHECK(find_option("", "Sampling.10g").value().family_name == "10G");
  CHECK(find_option("", "sampling.100m").value().family_name == "100M");
  CHECK(find_option("", "sampling.BPS_ratio").value().family_name == "bps_ratio");
  CHECK(find_option("", "sampling.7").value().family_name == "7");
}

TEST_CASE("sections are found by name in their parent only") {
  CHECK(find_section("", "COLLECTORS")->path == "collector");
  CHECK(find_section("os10", "port")->path == "os10.port");
  CHECK(find_section("", "os10.port") == nullptr);
  CHECK(find_section("", "port") == nullptr);
  CHECK(find_option("epcap", "dev.pattern").value().option->section == "pcap");
}

TEST_CASE("the nearest key is offered only when it is near") {
  CHECK(nearest_key("", "smapling") == "sampling");
  CHECK(nearest_key("", "header") == "headerBytes");
  CHECK(nearest_key("collector", "port") == "UDPPort");
  CHECK(nearest_key("", "dnssd") == "DNSSD");
  CHECK(nearest_key("", "zzzzzzzz").empty());
  CHECK(nearest_key("", std::string(100'000, 'x')).empty());
}
