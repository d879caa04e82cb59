#include "config/yaml.hpp"

#include "config/load.hpp"

#include <catch2/catch.hpp>

namespace sfa::config_yaml_test {

using namespace config;

namespace {

std::string complaint(const std::string& text) {
  const auto loaded = load_config(text, "f");
  REQUIRE(loaded.diagnostics.size() == 1);
  return loaded.diagnostics[0].to_string();
}

Config config_of(std::string_view text) {
  const auto loaded = load_config(text, "f");
  INFO((loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].to_string()));
  REQUIRE(loaded.diagnostics.empty());
  REQUIRE(loaded.config);
  return *loaded.config;
}

} // namespace

TEST_CASE("YAML is equivalent to the classic syntax") {
  CHECK(config_of(R"(
# comment
polling: 20
sampling.http: 1K
agent.cidr: ["!10.0.0.0/8", 192.168.0.0/16]
collectors:
  - ip: ::1
  - { ip: a.example.com, UDPPort: 0x1000 }
dns-sd: { domain: .example.com }
ovs:
  takeover: true
)") == config_of(R"(
sflow {
  polling = 20
  sampling.http = 1K
  agent.cidr = !10.0.0.0/8 agent.cidr = 192.168.0.0/16
  collector { ip = ::1 }
  collector { ip = a.example.com UDPPort = 0x1000 }
  dns-sd { domain = .example.com }
  ovs { takeover = on }
})"));
}

TEST_CASE("a single collector needs no list, and an empty section no map") {
  CHECK(config_of("collector:\n  ip: 192.0.2.1\n").collectors.size() == 1);
  CHECK(config_of("dns-sd:\n").dns_sd.on);
  CHECK(config_of("dns-sd: {}\n").dns_sd.on);
}

TEST_CASE("YAML keeps the places of keys, values and list items") {
  const auto parsed = parse_yaml("a: 1\nb:\n  - x\n  - y\nc:\n  d: 2\n");
  REQUIRE(parsed.top);
  CHECK(parsed.top->settings == std::vector{Setting{"a", "1", {1, 1}, {1, 4}, false},
                                            Setting{"b", "x", {3, 5}, {3, 5}, true},
                                            Setting{"b", "y", {4, 5}, {4, 5}, true}});
  REQUIRE(parsed.top->sections.size() == 1);
  CHECK(parsed.top->sections[0].place == Place{5, 1});
  CHECK(parsed.top->sections[0].settings == std::vector{Setting{"d", "2", {6, 3}, {6, 6}, false}});
}

TEST_CASE("hostile YAML is refused with its place") {
  CHECK(complaint("a: &x 1\nb: *x\n") == "f:1:4: found an anchor, expected a value");
  CHECK(complaint("a: *x\n").starts_with("f:1:4: found no valid YAML: "));
  CHECK(complaint("polling: !!int 3\n") ==
        "f:1:10: found the tag `tag:yaml.org,2002:int`, expected a value; what begins with `!` needs quotes");
  CHECK(complaint("agent.cidr: !10.0.0.0/8\n") ==
        "f:1:13: found the tag `!10.0.0.0/8`, expected a value; what begins with `!` needs quotes");
  CHECK(complaint("polling: 1\nPolling: 2\n") == "f:2:1: found the key `Polling` again, expected it once");
  CHECK(complaint("polling: 1\n---\npolling: 2\n") == "f:2:1: found a second document, expected one");
  CHECK(complaint("- polling\n") == "f:1:1: found a list, expected `key: value`");
  CHECK(complaint("a: [[1]]\n") == "f:1:5: found a list, expected a value");
  CHECK(complaint("? {a: 1}\n: 2\n").find("found") != std::string::npos);
  CHECK(complaint("{a: {b: {c: {d: {e: 1}}}}}\n") ==
        "f:1:17: found a map inside 4 others, expected no more than 3");
  CHECK(complaint("a: {b\n").starts_with("f:"));
  CHECK(complaint("---\n") == "f:2:1: found nothing, expected `key: value`");
  CHECK(complaint("a: \x01\n") == "f:1:4: found the byte 0x01, expected text");
  CHECK(complaint(std::string("\xFF\xFE"
                              "a\0",
                              4)) == "f:1:4: found the byte 0x00, expected text");
}

TEST_CASE("deep nesting is refused at once") {
  for (const std::string_view opening : {"[", "{", "- ", "? ", "a: {", "\"", "- - a: [", "{a: "}) {
    std::string text = "a: ";
    for (int i = 0; i < 10'000; ++i) {
      text += opening;
    }
    CHECK_FALSE(parse_yaml(text).top);
    CHECK_FALSE(parse_yaml(text.substr(3)).top);
  }
}

TEST_CASE("a list in place of a single value is an error") {
  CHECK(complaint("polling: [1]\n").starts_with("f:1:11: polling: found a list, expected a number"));
  CHECK(complaint("dns-sd:\n  - domain: .x\n") == "f:2:5: dns-sd: found a list, expected one section");
}

TEST_CASE("the two syntaxes are told apart by the beginning of the text") {
  for (const auto* yaml : {"polling: 3", "# sflow {\n\ndns-sd:\n", "---\nx", "%YAML 1.2", "{polling: 3}",
                           "\"a\": 1", "- x", "sflow: {", "\xEF\xBB\xBF---\n", "collectors:\r\n"}) {
    CHECK(looks_like_yaml(yaml));
  }
  for (const auto* classic :
       {"", "sflow {", "sflow{a: b}", "sflow\n{\n}", "polling=3", "SFLOW = {", "\"sflow\" {",
        "# a: b\nsflow {", "sflow { agent.cidr = fe80::/10 }", "garbage", "a b: c"}) {
    CHECK_FALSE(looks_like_yaml(classic));
  }
}

TEST_CASE("YAML cut off at any byte is parsed or refused, without a crash") {
  const std::string text =
      "polling: 20\ncollectors:\n  - {ip: \"::1\", UDPPort: 1}\n  - ip: |\n      x\nagent.cidr: ['a']\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto parsed = parse_yaml(text.substr(0, length));
    CHECK((parsed.top || has_error(parsed.diagnostics)));
  }
}

} // namespace sfa::config_yaml_test
