#include "common/bytes.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace sfa::common_bytes_test {

namespace {

using Bytes = std::vector<std::uint8_t>;

std::string error_text(ByteReader& in) {
  const auto finished = in.finish();
  return finished ? "" : finished.error().message;
}

// 1, 2, 3, ...
Bytes counting(std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  return bytes;
}

} // namespace

TEST_CASE("numbers are read big-endian") {
  const Bytes bytes = counting(15);
  ByteReader in(bytes);
  CHECK(in.u8() == 0x01);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK(error_text(in).empty());
}

TEST_CASE("signed and floating-point numbers are read by their bits") {
  const Bytes bytes{0xff, 0xfe, 0xbf, 0x80, 0, 0};
  ByteReader in(bytes);
  CHECK(in.i16() == -2);
  CHECK(in.f32() == -1.0F);
}

TEST_CASE("a reader that failed is empty, gives zeros and keeps its first error") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  CHECK(in.u32() == 0x01020304);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.remaining() == 0);
  CHECK(in.rest().empty());
  CHECK(in.u8() == 0);
  CHECK(in.take(1).empty());
  CHECK(in.array<2>() == std::array<std::uint8_t, 2>{});
  in.fail("something else");
  CHECK(error_text(in) == "byte 4: cut short: needs 4 bytes, has 2");
}

TEST_CASE("a value counts only if it could be read") {
  const Bytes bytes{0, 7, 9};
  ByteReader in(bytes);
  CHECK(in.if_ok(in.u16()) == 7);
  CHECK(in.if_ok(in.u16()) == std::nullopt);
  CHECK(in.if_ok(in.u8()) == std::nullopt);
}

TEST_CASE("unread bytes are an error at the end") {
  const Bytes bytes = counting(3);
  ByteReader in(bytes);
  in.skip(1);
  CHECK(error_text(in) == "byte 1: 2 bytes left over");
}

TEST_CASE("a part ends where it ends, and counts offsets in the whole") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  in.skip(1);
  ByteReader part = in.part(2);
  CHECK(in.u8() == 4);
  CHECK(part.u8() == 2);
  CHECK(part.offset() == 2);
  CHECK(part.u16() == 0);
  CHECK(error_text(part) == "byte 2: cut short: needs 2 bytes, has 1");
  CHECK(in.ok());
  in.fail_with(part);
  CHECK(error_text(in) == "byte 2: cut short: needs 2 bytes, has 1");
}

TEST_CASE("a part that is not there fails, and so does its reader") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  ByteReader part = in.part(7);
  CHECK_FALSE(in.ok());
  CHECK_FALSE(part.ok());
  CHECK_FALSE(in.part(0).ok());
}

TEST_CASE("any place of the whole can be read, also from within a part") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  const ByteReader part = in.part(2);
  CHECK(part.at(4).u16() == 0x0506);
  CHECK(part.at(6).ok());
  CHECK_FALSE(part.at(7).ok());
  CHECK(part.at(static_cast<std::size_t>(-1)).u8() == 0);
  in.fail("broken");
  CHECK_FALSE(in.at(0).ok());
}

TEST_CASE("a limit shortens what is left and never extends it") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  in.skip(2);
  in.limit(9);
  CHECK(in.remaining() == 4);
  in.limit(1);
  CHECK(in.u8() == 3);
  CHECK(error_text(in).empty());
}

TEST_CASE("no more elements are read than can follow") {
  const Bytes bytes = counting(6);
  ByteReader in(bytes);
  CHECK(in.elements(3, 2) == 3);
  CHECK(in.elements(4, 2) == 0);
  CHECK(error_text(in) == "byte 0: cut short: 4 elements cannot be in 6 bytes");
}

TEST_CASE("input cut short at any byte gives what is there and then zeros") {
  const Bytes whole = counting(8);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    ByteReader in(std::span<const std::uint8_t>(whole).first(size));
    Bytes read;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      read.push_back(in.u8());
    }
    Bytes expected(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    expected.resize(whole.size());
    CHECK(read == expected);
    CHECK(in.ok() == (size == whole.size()));
  }
}

} // namespace sfa::common_bytes_test
