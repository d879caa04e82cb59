// XDR (RFC 4506) as sFlow uses it: big-endian words, opaque data padded with zeros to a multiple of four.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflow {

class XdrWriter {
public:
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);                   // unsigned hyper
  void f32(float value);                           // IEEE 754 single
  void fixed(std::span<const std::uint8_t> bytes); // opaque[n]
  void string(std::string_view text);              // string<>: length, bytes, padding

  // Writes a length word now and fills it in with what was written in its scope, so that nobody computes a
  // length.
  class Length {
  public:
    explicit Length(XdrWriter& writer);
    ~Length();
    Length(const Length&) = delete;
    Length& operator=(const Length&) = delete;
    Length(Length&&) = delete;
    Length& operator=(Length&&) = delete;

  private:
    XdrWriter& writer_;
    std::size_t at_;
  };

  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }

private:
  void store(std::size_t at, std::uint32_t value);
  std::vector<std::uint8_t> bytes_;
};

// Reads with every bound checked. The first thing that does not fit fails the reader: from then on it yields
// zeros, and error() says what was wrong where. So a structure is read without a check at each field, and
// judged once at the end.
class XdrReader {
public:
  // `offset` is where `bytes` begin in the whole datagram, for messages.
  explicit XdrReader(std::span<const std::uint8_t> bytes, std::size_t offset = 0)
      : bytes_(bytes), start_(offset) {}

  std::uint32_t u32();
  std::uint64_t u64();
  float f32();
  void fixed(std::span<std::uint8_t> out);
  std::string string(std::size_t max);
  // Opaque data of a length that is read first, as a reader of its own that starts with the place of its
  // first byte.
  // ovs-vswitchd does not clear the padding behind a sampled header, hence `any`.
  enum class Padding { zero, any };
  XdrReader opaque(Padding padding = Padding::zero);
  // `n` bytes without padding.
  std::span<const std::uint8_t> take(std::size_t n);
  // A number of elements that each take at least `element_size` bytes: more than can follow is an error, so
  // that a count from outside never decides how much is allocated.
  std::uint32_t count(std::size_t element_size);

  void fail(std::string_view what);
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - at_; }
  [[nodiscard]] std::size_t offset() const { return start_ + at_; }
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  // Also an error: bytes that nobody read.
  [[nodiscard]] Result<void> finish();

private:
  void skip_padding(std::size_t length);
  std::span<const std::uint8_t> bytes_;
  std::size_t start_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

} // namespace sfa::sflow
