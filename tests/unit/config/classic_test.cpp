#include "config/classic.hpp"

#include <catch2/catch.hpp>

namespace sfa::config_classic_test {

using namespace config;

namespace {

// The only diagnostic, as text with its place.
std::string complaint(std::string_view text) {
  auto parsed = parse_classic(text);
  REQUIRE(parsed.diagnostics.size() == 1);
  parsed.diagnostics[0].file = "f";
  return parsed.diagnostics[0].to_string();
}

Section tree(std::string_view text) {
  const auto parsed = parse_classic(text);
  REQUIRE(parsed.diagnostics.empty());
  REQUIRE(parsed.top);
  return *parsed.top;
}

} // namespace

TEST_CASE("settings and sections keep their places") {
  const auto top = tree("sflow {\n  polling = 20\n  collector {\n    ip=10.0.0.1\n  }\n}\n");
  CHECK(top.place == Place{1, 1});
  CHECK(top.settings == std::vector{Setting{"polling", "20", {2, 3}, {2, 13}}});
  REQUIRE(top.sections.size() == 1);
  CHECK(top.sections[0].name == "collector");
  CHECK(top.sections[0].place == Place{3, 3});
  CHECK(top.sections[0].settings == std::vector{Setting{"ip", "10.0.0.1", {4, 5}, {4, 8}}});
}

TEST_CASE("every separator works alone and in runs") {
  const std::vector expected{Setting{"a", "1", {1, 9}, {1, 11}}, Setting{"b", "2", {1, 13}, {1, 15}}};
  for (const std::string_view separator : {" ", "\t", "=", ";", "\r"}) {
    std::string text = "sflow {_a_1_b_2_}";
    for (auto& c : text) {
      c = c == '_' ? separator[0] : c;
    }
    CHECK(tree(text).settings == expected);
  }
  CHECK(tree("sflow==;{ a =;= 1;}").settings == std::vector{Setting{"a", "1", {1, 11}, {1, 17}}});
  CHECK(tree("sflow\n{\na\n1\n}").settings == std::vector{Setting{"a", "1", {3, 1}, {4, 1}}});
}

TEST_CASE("a comment may begin anywhere and ends with its line") {
  CHECK(tree("# x { y\nsflow { # c\n a#}\n=1#2\n}# rest").settings ==
        std::vector{Setting{"a", "1", {3, 2}, {4, 2}}});
}

TEST_CASE("quotes hold separators, comments, braces and doubled quotes together") {
  CHECK(tree(R"("sFlow" { "a"="x = # {} ""y"""; b=""})").settings ==
        std::vector{Setting{"a", "x = # {} \"y\"", {1, 11}, {1, 15}}, Setting{"b", "", {1, 33}, {1, 35}}});
}

TEST_CASE("braces need no space around them") {
  const auto top = tree("sflow{collector{ip=1.2.3.4}kvm{}}");
  REQUIRE(top.sections.size() == 2);
  CHECK(top.sections[0].settings == std::vector{Setting{"ip", "1.2.3.4", {1, 17}, {1, 20}}});
  CHECK(top.sections[1].name == "kvm");
}

TEST_CASE("a regular expression keeps braces in pairs") {
  CHECK(tree("sflow{xen{switchport=swp[0-9]{1,2}s{2}}}").sections[0].settings[0].value ==
        "swp[0-9]{1,2}s{2}");
}

TEST_CASE("a missing last brace is a warning that names the open sections") {
  const auto parsed = parse_classic("sflow {\n a=1\n");
  CHECK(parsed.top);
  CHECK(complaint("sflow {\n a=1\n") ==
        "f:3:1: found the end of the file, expected `}` to close `sflow` of line 1");
  CHECK(complaint("sflow {\n x {\n") ==
        "f:3:1: found the end of the file, expected `}` to close `x` of line 2 and `sflow` of line 1");
  CHECK_FALSE(has_error(parsed.diagnostics));
}

TEST_CASE("a syntax error has its place and the expected text, and yields no tree") {
  CHECK(complaint("") == "f:1:1: found the end of the file, expected `sflow`");
  CHECK(complaint("polling=1") == "f:1:1: found `polling`, expected `sflow`");
  CHECK(complaint("sflow polling=1") == "f:1:7: found `polling`, expected `{` after `sflow`");
  CHECK(complaint("sflow { { } }") == "f:1:9: found `{`, expected a key of `sflow`");
  CHECK(complaint("sflow { a }") == "f:1:11: found `}`, expected a value for `a`");
  CHECK(complaint("sflow { a") == "f:1:10: found the end of the file, expected a value for `a`");
  CHECK(complaint("sflow { } x") ==
        "f:1:11: found `x` after the `}` that closes `sflow`, expected the end of the file");
  CHECK(complaint("sflow { } }") ==
        "f:1:11: found `}` after the `}` that closes `sflow`, expected the end of the file");
  CHECK(complaint("sflow { a=\"x\n\" }") ==
        "f:1:11: found a quote that is not closed on its line, expected another `\"`");
  CHECK_FALSE(parse_classic("sflow").top);
}

TEST_CASE("sections nest three deep and no deeper") {
  CHECK(tree("sflow{a{b{c{d=1}}}}").sections[0].sections[0].sections[0].settings[0].value == "1");
  CHECK(complaint("sflow{a{b{c{d{}}}}}") ==
        "f:1:14: found a section inside 4 others, expected no more than 3");
}

TEST_CASE("words and lines have a maximum length") {
  CHECK(tree("sflow{a=" + std::string(255, 'x') + "}").settings[0].value.size() == 255);
  CHECK(complaint("sflow{a=" + std::string(256, 'x') + "}") ==
        "f:1:9: found a word of 256 bytes, expected no more than 255");
  CHECK(complaint("sflow{a=\"" + std::string(256, 'x') + "\"}") ==
        "f:1:9: found a word of 256 bytes, expected no more than 255");
  CHECK(tree("sflow{\r\n#" + std::string(2046, 'x') + "\r\n}").settings.empty());
  CHECK(complaint("sflow{\n#" + std::string(2047, 'x') + "\n}") ==
        "f:2:2048: found a line of 2048 bytes, expected no more than 2047");
}

TEST_CASE("a file cut off at any byte is parsed or refused, without a crash") {
  const std::string text = "sflow { # c\n a=\"x\"\"y\" b { c{d=e{1}} } }\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto parsed = parse_classic(text.substr(0, length));
    CHECK((parsed.top || has_error(parsed.diagnostics)));
  }
}

} // namespace sfa::config_classic_test
