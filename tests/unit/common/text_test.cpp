#include "common/ip_address.hpp"
#include "common/text.hpp"

#include <catch2/catch.hpp>

namespace sfa::common_text_test {

using namespace std::string_view_literals;

TEST_CASE("a text is a number only as a whole") {
  CHECK(parse_number<int>("12") == 12);
  CHECK(parse_number<int>("-3") == -3);
  CHECK(!parse_number<int>(""));
  CHECK(!parse_number<int>("12x"));
  CHECK(!parse_number<int>(" 12"));
  CHECK(!parse_number<std::uint8_t>("256"));
  CHECK(!parse_number<std::uint32_t>("-1"));
  CHECK(parse_number<int>("ff", 16) == 255);
}

TEST_CASE("text is split at runs of separators, without empty parts") {
  CHECK(split(" a  b\tc ") == std::vector{"a"sv, "b"sv, "c"sv});
  CHECK(split("").empty());
  CHECK(split("2.10.1", ".") == std::vector{"2"sv, "10"sv, "1"sv});
  CHECK(split("\xff \x80") == std::vector{"\xff"sv, "\x80"sv});
  CHECK(split("a\xff"
              "b",
              "\xff") == std::vector{"a"sv, "b"sv});
}

TEST_CASE("words are taken from the front of a text until there are none") {
  auto text = "  intr 180473\t38"sv;
  CHECK(take_word(text) == "intr");
  CHECK(take_word(text) == "180473");
  CHECK(take_word(text) == "38");
  CHECK(take_word(text).empty());
}

TEST_CASE("empty lines and a last line without a newline count") {
  CHECK(lines("a\n\nb") == std::vector{"a"sv, ""sv, "b"sv});
  CHECK(lines("a\n") == std::vector{"a"sv});
  CHECK(lines("").empty());
}

TEST_CASE("printable text cannot control the terminal") {
  CHECK(printable("a\x1b[2Jb\n") == "a\\x1b[2Jb\\x0a");
  CHECK(printable("aaaaaa", 3) == "aaa...");
}

TEST_CASE("IP addresses are read and written in their standard forms") {
  CHECK(IpAddress::parse("192.0.2.1").value().to_string() == "192.0.2.1");
  CHECK(IpAddress::parse("2001:DB8:0:0::1").value().to_string() == "2001:db8::1");
  CHECK(IpAddress::parse("::ffff:1.2.3.4").value().bytes().size() == 16);
  for (const auto text :
       {""sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "1.2.3.4\0x"sv, "host"sv, "[::1]"sv, "1::2::3"sv}) {
    CAPTURE(text);
    CHECK(!IpAddress::parse(text));
  }
}

TEST_CASE("a pattern matches names as in a shell") {
  const auto matches = [](const std::string& pattern, const std::string& name) {
    return matches_any({pattern}, name);
  };
  CHECK(matches("br-int", "br-int"));
  CHECK_FALSE(matches("br-int", "br-int1"));
  CHECK_FALSE(matches("br-int", "BR-INT"));
  CHECK(matches("br-*", "br-"));
  CHECK(matches("br-*", "br-test"));
  CHECK_FALSE(matches("br-*", "br"));
  CHECK(matches("*", ".x/y"));
  CHECK(matches("br?", "br0"));
  CHECK_FALSE(matches("br?", "br10"));
  CHECK(matches("*a*b", "xaybzab"));
  CHECK(matches("eth[0-3]", "eth2"));
  CHECK_FALSE(matches("eth[0-3]", "eth4"));
  CHECK(matches("eth[", "eth["));
  CHECK(matches_any({"tap*", "br0"}, "br0"));
  CHECK_FALSE(matches_any({}, "br0"));
}

TEST_CASE("no pattern takes long") {
  std::string pattern;
  for (int i = 0; i < 100; ++i) {
    pattern += "*a";
  }
  CHECK_FALSE(matches_any({pattern + "b"}, std::string(5000, 'a')));
}

TEST_CASE("lists are separated into their items") {
  CHECK(separate({"br0,br1", "br*"}) == std::vector<std::string>{"br0", "br1", "br*"});
  CHECK(separate({",", ""}).empty());
}

} // namespace sfa::common_text_test
