#include "config/value.hpp"

#include <catch2/catch.hpp>

namespace sfa::config_value_test {

using namespace config;

namespace {

std::string canonical(Kind kind, std::string_view text) {
  const auto value = parse_value({.kind = kind}, text);
  return value ? format_value(*value) : "-";
}

std::string number(std::string_view text, std::uint64_t max = ~0ULL) {
  const auto value = parse_value({.kind = Kind::number, .max = max}, text);
  return value ? format_value(*value) : "-";
}

} // namespace

TEST_CASE("numbers are decimal, hexadecimal or octal, with a multiplier") {
  CHECK(number("0") == "0");
  CHECK(number("42") == "42");
  CHECK(number("0x2A") == "42");
  CHECK(number("052") == "42");
  CHECK(number("42k") == "42000");
  CHECK(number("42M") == "42000000");
  CHECK(number("0x10g") == "16000000000");
  for (const auto* wrong : {"", "-1", "+1", "1.5", "08", "0x", "K", "1KK", "1 K", "12a", " 1"}) {
    CHECK(number(wrong) == "-");
  }
}

TEST_CASE("a number that does not fit is refused, not reduced") {
  CHECK(number("18446744073709551615") == "18446744073709551615");
  CHECK(number("18446744073709551616") == "-");
  CHECK(number("18446744073G") == "18446744073000000000");
  CHECK(number("18446744074G") == "-");
  CHECK(number("4294967297", 1) == "-");
}

TEST_CASE("booleans are on or off, or the words of YAML for them") {
  for (const auto* on : {"on", "ON", "true", "yes"}) {
    CHECK(canonical(Kind::boolean, on) == "on");
  }
  for (const auto* off : {"off", "Off", "false", "no"}) {
    CHECK(canonical(Kind::boolean, off) == "off");
  }
  for (const auto* wrong : {"", "1", "0", "o", "enable"}) {
    CHECK(canonical(Kind::boolean, wrong) == "-");
  }
}

TEST_CASE("a prefix has its host bits cleared") {
  CHECK(canonical(Kind::cidr, "10.1.2.3/8") == "10.0.0.0/8");
  CHECK(canonical(Kind::cidr, "!10.255.2.3/9") == "!10.128.0.0/9");
  CHECK(canonical(Kind::cidr, "10.1.2.3/255.255.255.254") == "10.1.2.2/31");
  CHECK(canonical(Kind::cidr, "10.1.2.3/0") == "0.0.0.0/0");
  CHECK(canonical(Kind::cidr, "10.1.2.3/32") == "10.1.2.3/32");
  CHECK(canonical(Kind::cidr, "2001:db8::1/127") == "2001:db8::/127");
  CHECK(canonical(Kind::cidr, "fe80::1/128") == "fe80::1/128");
  for (const auto* wrong : {"", "!", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129",
                            "::/255.0.0.0", "10.0.0.0/255.0.255.0", "!!10.0.0.0/8", "10/8"}) {
    CHECK(canonical(Kind::cidr, wrong) == "-");
  }
}

TEST_CASE("a host is an address or a name, but not a mistyped address") {
  for (const auto* right : {"192.0.2.1", "::1", "localhost", "a-b.example.com", "x_y", "a.b.", "1und1.de"}) {
    CHECK(canonical(Kind::host, right) == right);
  }
  for (const auto* wrong :
       {"", ".", ".a", "a..b", "1.2.3", "256.1.1.1", "a b", "a/b", "[::1]", "::1%eth0", "-a", "1"}) {
    CHECK(canonical(Kind::host, wrong) == "-");
  }
}

TEST_CASE("names that become paths cannot leave their directory") {
  for (const auto* wrong : {"", ".", "..", "a/b", "a b", "a\nb"}) {
    CHECK(canonical(Kind::name, wrong) == "-");
    CHECK(canonical(Kind::device, wrong) == "-");
  }
  CHECK(canonical(Kind::device, "bond0.100@x") == "bond0.100@x");
  CHECK(canonical(Kind::device, "abcdefghijklmnop") == "-");
}

TEST_CASE("UUIDs have one canonical form") {
  CHECK(canonical(Kind::uuid, "4C4C4544-0051-3510-8052-B4C04F4A4231") ==
        "4c4c4544-0051-3510-8052-b4c04f4a4231");
  CHECK(canonical(Kind::uuid, "4c4c454400513510 8052b4c04f4a4231") == "-");
  CHECK(canonical(Kind::uuid, "4c4c4544005135108052b4c04f4a4231") == "4c4c4544-0051-3510-8052-b4c04f4a4231");
  CHECK(canonical(Kind::uuid, "4c4c4544-0051-3510-8052-b4c04f4a423") == "-");
}

TEST_CASE("domains, text and lists of names have their rules") {
  CHECK(canonical(Kind::domain, ".example.com") == ".example.com");
  CHECK(canonical(Kind::domain, "example.com") == "example.com");
  CHECK(canonical(Kind::domain, ".") == "-");
  CHECK(canonical(Kind::domain, "..x") == "-");
  CHECK(canonical(Kind::text, "a\nb") == "-");
  CHECK(canonical(Kind::text, "a b") == "a b");
  CHECK(canonical(Kind::names, "br-int,br-ex*,") == "br-int,br-ex*,");
  for (const auto* wrong : {"", ",", "br0, br1", "br0\nsampling=0"}) {
    CHECK(canonical(Kind::names, wrong) == "-");
  }
}

} // namespace sfa::config_value_test
