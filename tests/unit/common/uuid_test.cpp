#include "common/uuid.hpp"

#include <catch2/catch.hpp>

namespace sfa::common_uuid_test {

TEST_CASE("a UUID is accepted with and without dashes, in either case") {
  const Uuid expected{0x4c, 0x4c, 0x45, 0x44, 0x00, 0x42, 0x35, 0x10,
                      0x80, 0x52, 0xb4, 0xc0, 0x4f, 0x4a, 0x4e, 0x31};
  CHECK(parse_uuid("4C4C4544-0042-3510-8052-B4C04F4A4E31") == expected);
  CHECK(parse_uuid("4c4c454400423510 8052b4c04f4a4e31") != expected);
  CHECK(parse_uuid("4c4c4544004235108052b4c04f4a4e31") == expected);
  CHECK(format_uuid(expected) == "4c4c4544-0042-3510-8052-b4c04f4a4e31");
}

TEST_CASE("a text that is almost a UUID is refused") {
  for (const auto* bad : {"", "4c4c4544-0042-3510-8052-b4c04f4a4e3", "4c4c4544-0042-3510-8052-b4c04f4a4e311",
                          "4c4c4544-0042-3510-8052b-4c04f4a4e31", "4c4c454-40042-3510-8052-b4c04f4a4e31",
                          "4c4c4544-0042-3510-8052-b4c04f4a4e3g", "{4c4c4544-0042-3510-8052-b4c04f4a4e3",
                          "-4c4c45440042351-8052b4c04f4a4e3", " 4c4c4544004235108052b4c04f4a4e31",
                          "+c4c4544004235108052b4c04f4a4e31"}) {
    INFO(bad);
    CHECK(!parse_uuid(bad));
  }
}

TEST_CASE("a UUID with a NUL byte in or behind it is refused") {
  using namespace std::string_view_literals;
  CHECK(!parse_uuid("4c4c4544-0042-3510-8052-b4c04f4a4e31\0"sv));
  CHECK(!parse_uuid("4c4c4544-0042-3510-8052-b4c04f4a4e3\0"sv));
  CHECK(!parse_uuid("4c4c4544004235108052b4c04f4a4e3\0"sv));
}

} // namespace sfa::common_uuid_test
