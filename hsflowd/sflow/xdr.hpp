// XDR (RFC 4506) as sFlow uses it: big-endian words, opaque data padded with zeros to a multiple of four.
#pragma once

#include "common/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfa::sflow {

class XdrWriter {
public:
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);                   // unsigned hyper
  void f32(float value);                           // IEEE 754 single
  void fixed(std::span<const std::uint8_t> bytes); // opaque[n]
  void string(std::string_view text);              // string<>: length, bytes, padding

  // Writes a length word now and fills in, at the end of its scope, how many bytes were written since. So
  // nobody computes a length.
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

// What XDR adds to a reader: padding, and lengths that come first. Where a value can be read although the
// bytes break a rule, the reader fails, or, with `notes`, adds what is wrong there and reads on; so do the
// readers of its parts.
class XdrReader : public ByteReader {
public:
  explicit XdrReader(std::span<const std::uint8_t> bytes, std::vector<std::string>* notes = nullptr)
      : ByteReader(bytes), notes_(notes) {}

  void fixed(std::span<std::uint8_t> out); // opaque[n]
  std::string string(std::size_t max);     // string<max>
  // opaque<>, as a reader of its own. ovs-vswitchd does not clear the padding behind a sampled header, hence
  // `any`.
  enum class Padding { zero, any };
  // With `notes`, a length of more bytes than there are takes those.
  XdrReader opaque(Padding padding = Padding::zero);
  // The number of elements that follow, of at least `element_size` bytes each.
  std::uint32_t count(std::size_t element_size);

private:
  XdrReader(ByteReader part, std::vector<std::string>* notes) : ByteReader(std::move(part)), notes_(notes) {}
  void note(std::string_view what);
  void skip_padding(std::size_t length, Padding rule);

  std::vector<std::string>* notes_ = nullptr;
};

} // namespace sfa::sflow
