// Reads big-endian numbers and byte strings from input of the outside world, with every bound checked.
//
// One rule for errors: the first read that does not fit fails the reader. A reader that has failed is empty:
// each further read gives zero or no bytes, and remaining() is 0, so loops over the rest end. ok() tells
// whether everything so far was there; finish() says what was wrong and where. So a structure is read without
// a check after each field, and checked once at its end.
#pragma once

#include "common/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sfa {

class ByteReader {
public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : whole_(bytes), end_(bytes.size()) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::int16_t i16(); // two's complement
  std::uint32_t u32();
  std::uint64_t u64();
  float f32(); // IEEE 754 single

  // A view into the input.
  std::span<const std::uint8_t> take(std::size_t n);
  void skip(std::size_t n) { take(n); }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> value{};
    copy_to(value);
    return value;
  }
  // Zeros if there are fewer bytes.
  void copy_to(std::span<std::uint8_t> out);

  // The next `n` bytes as a reader of their own, which counts offsets as this one does. If there are fewer,
  // both fail.
  ByteReader part(std::size_t n);
  // A reader of the whole input from `offset` to its end, whatever this one has read. It has failed if this
  // one has, or if `offset` is behind the end.
  [[nodiscard]] ByteReader at(std::size_t offset) const;
  // Ends `n` bytes ahead, if it does not end before.
  void limit(std::size_t n);

  // `n`, a number of elements that the input claims, if that many elements of at least `element_size` bytes
  // can follow; otherwise the reader fails and this is 0. So a number from outside never decides how much is
  // allocated.
  std::size_t elements(std::size_t n, std::size_t element_size);

  // Only the first failure counts.
  void fail(std::string_view what);
  // Fails as `part` has failed, if it has.
  void fail_with(const ByteReader& part);
  [[nodiscard]] bool ok() const { return !error_; }
  [[nodiscard]] const Error& error() const { return *error_; } // unless ok()
  // `value`, just read, or nullopt if that was not possible: in.if_ok(in.u16()).
  template <class T>
  [[nodiscard]] std::optional<T> if_ok(T value) const {
    return ok() ? std::optional<T>(value) : std::nullopt;
  }

  [[nodiscard]] std::size_t offset() const { return at_; } // in the whole input
  [[nodiscard]] std::size_t remaining() const { return end_ - at_; }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return whole_.subspan(at_, remaining()); }

  // The first failure: "byte 312: cut short: needs 4 bytes, has 0". Unread bytes are one, too.
  [[nodiscard]] Result<void> finish();

private:
  template <class T>
  T number();

  std::span<const std::uint8_t> whole_;
  std::size_t at_ = 0;
  std::size_t end_;
  std::optional<Error> error_;
};

} // namespace sfa
