#include "sflow/xdr.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <limits>

namespace sfa::sflow_xdr_test {

using namespace sflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::string error_of(XdrReader& reader) {
  const auto finished = reader.finish();
  return finished ? "" : finished.error().message;
}

} // namespace

TEST_CASE("numbers are written big-endian") {
  XdrWriter out;
  out.u32(0x01020304);
  out.u64(0x05060708090a0b0c);
  out.f32(1.0F); // 0x3f800000
  CHECK(out.bytes() == Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x3f, 0x80, 0, 0});
}

TEST_CASE("a string is a length, its bytes and zeros to a multiple of four") {
  XdrWriter out;
  out.string("abcde");
  out.string("");
  out.string("wxyz");
  CHECK(out.bytes() ==
        Bytes{0, 0, 0, 5, 'a', 'b', 'c', 'd', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 'w', 'x', 'y', 'z'});
}

TEST_CASE("fixed opaque data has no length and is padded with zeros") {
  XdrWriter out;
  out.fixed(std::array<std::uint8_t, 6>{1, 2, 3, 4, 5, 6});
  CHECK(out.bytes() == Bytes{1, 2, 3, 4, 5, 6, 0, 0});
}

TEST_CASE("a length counts what was written in its scope, nested lengths included") {
  XdrWriter out;
  {
    const XdrWriter::Length outer(out);
    out.u32(7);
    const XdrWriter::Length inner(out);
    out.u64(8);
  }
  CHECK(out.bytes() == Bytes{0, 0, 0, 16, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8});
}

TEST_CASE("what was written is read back") {
  const std::array<std::uint8_t, 6> mac{1, 2, 3, 4, 5, 6};
  XdrWriter out;
  out.u32(std::numeric_limits<std::uint32_t>::max());
  out.u64(std::numeric_limits<std::uint64_t>::max() - 1);
  out.f32(0.25F);
  out.string("hello");
  out.fixed(mac);

  XdrReader in(out.bytes());
  CHECK(in.u32() == std::numeric_limits<std::uint32_t>::max());
  CHECK(in.u64() == std::numeric_limits<std::uint64_t>::max() - 1);
  CHECK(in.f32() == 0.25F);
  CHECK(in.string(5) == "hello");
  std::array<std::uint8_t, 6> read{};
  in.fixed(read);
  CHECK(read == mac);
  CHECK(error_of(in).empty());
}

TEST_CASE("the first failure is kept with its place, and all later reads give zeros") {
  const Bytes bytes{0, 0, 0, 1, 0, 0};
  XdrReader in(bytes);
  CHECK(in.u32() == 1);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u64() == 0);
  CHECK(in.string(10).empty());
  in.fail("something else");
  CHECK(error_of(in) == "byte 4: cut short: needs 4 bytes, has 2");
}

TEST_CASE("unread bytes are an error") {
  const Bytes bytes(7);
  XdrReader in(bytes);
  CHECK(in.u32() == 0);
  CHECK(error_of(in) == "byte 4: 3 bytes left over");
}

TEST_CASE("a string longer than the maximum is an error") {
  XdrWriter out;
  out.string("abcde");
  XdrReader in(out.bytes());
  CHECK(in.string(4).empty());
  CHECK(error_of(in) == "byte 4: a string of 5 bytes, 4 allowed");
}

TEST_CASE("the reader takes no padding is not zero") {
  SECTION("of a string") {
    const Bytes bytes{0, 0, 0, 1, 'a', 0, 0, 1};
    XdrReader in(bytes);
    std::ignore = in.string(4);
    CHECK(error_of(in) == "byte 8: padding is not zero");
  }
  SECTION("of fixed opaque data") {
    const Bytes bytes{1, 2, 3, 4, 5, 6, 7, 0};
    XdrReader in(bytes);
    std::array<std::uint8_t, 6> mac{};
    in.fixed(mac);
    CHECK(error_of(in) == "byte 8: padding is not zero");
  }
  SECTION("of variable opaque data") {
    const Bytes bytes{0, 0, 0, 3, 1, 2, 3, 4};
    XdrReader in(bytes);
    CHECK(in.opaque().remaining() == 3);
    CHECK(error_of(in) == "byte 8: padding is not zero");
  }
}

TEST_CASE("padding that is missing is an error") {
  const Bytes bytes{0, 0, 0, 1, 'a', 0};
  XdrReader in(bytes);
  std::ignore = in.string(4);
  CHECK(error_of(in) == "byte 5: cut short: needs 3 bytes, has 1");
}

TEST_CASE("opaque data is read on its own, with its place in the whole") {
  const Bytes bytes{0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
  XdrReader in(bytes);
  XdrReader body = in.opaque();
  CHECK(in.u32() == 3);
  CHECK(error_of(in).empty());
  CHECK(body.u32() == 1);
  CHECK(error_of(body) == "byte 8: 4 bytes left over");
}

TEST_CASE("a count of more elements than the remaining bytes can hold is an error, and 0") {
  const Bytes bytes{0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  SECTION("as many as fit") {
    XdrReader in(bytes);
    CHECK(in.count(4) == 3);
    CHECK(in.ok());
  }
  SECTION("one more than fit") {
    XdrReader in(bytes);
    CHECK(in.count(5) == 0);
    CHECK(error_of(in) == "byte 4: cut short: 3 elements cannot be in 12 bytes");
  }
  SECTION("four thousand million") {
    const Bytes hostile(8, 0xff);
    XdrReader in(hostile);
    CHECK(in.count(1) == 0);
    CHECK_FALSE(in.ok());
  }
}

} // namespace sfa::sflow_xdr_test
