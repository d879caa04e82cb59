#include "sflow/xdr.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace sfa::sflow {

namespace {

std::size_t padding(std::size_t length) {
  return (4 - length % 4) % 4;
}

} // namespace

void XdrWriter::store(std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes_[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

void XdrWriter::u32(std::uint32_t value) {
  bytes_.resize(bytes_.size() + 4);
  store(bytes_.size() - 4, value);
}

void XdrWriter::u64(std::uint64_t value) {
  u32(static_cast<std::uint32_t>(value >> 32));
  u32(static_cast<std::uint32_t>(value));
}

void XdrWriter::f32(float value) {
  u32(std::bit_cast<std::uint32_t>(value));
}

void XdrWriter::fixed(std::span<const std::uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(bytes_.size() + padding(bytes.size()));
}

void XdrWriter::string(std::string_view text) {
  u32(static_cast<std::uint32_t>(text.size()));
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  bytes_.resize(bytes_.size() + padding(text.size()));
}

XdrWriter::Length::Length(XdrWriter& writer) : writer_(writer), at_(writer.bytes_.size()) {
  writer_.u32(0);
}

XdrWriter::Length::~Length() {
  writer_.store(at_, static_cast<std::uint32_t>(writer_.bytes_.size() - at_ - 4));
}

std::span<const std::uint8_t> XdrReader::take(std::size_t n) {
  if (failed() || n > remaining()) {
    fail(fmt::format("{} bytes where {} are left", n, remaining()));
    return {};
  }
  const auto taken = bytes_.subspan(at_, n);
  at_ += n;
  return taken;
}

std::uint32_t XdrReader::u32() {
  std::uint32_t value = 0;
  for (const auto byte : take(4)) {
    value = value << 8 | byte;
  }
  return value;
}

std::uint64_t XdrReader::u64() {
  const std::uint64_t high = u32();
  return high << 32 | u32();
}

float XdrReader::f32() {
  return std::bit_cast<float>(u32());
}

void XdrReader::fixed(std::span<std::uint8_t> out) {
  std::ranges::copy(take(out.size()), out.begin());
  skip_padding(out.size());
}

std::string XdrReader::string(std::size_t max) {
  const std::size_t length = u32();
  if (length > max) {
    fail(fmt::format("a string of {} bytes where {} are allowed", length, max));
  }
  const auto text = take(length);
  skip_padding(length);
  return {text.begin(), text.end()};
}

XdrReader XdrReader::opaque(Padding padding_rule) {
  const std::size_t length = u32();
  const std::size_t begin = offset();
  const auto body = take(length);
  if (padding_rule == Padding::any) {
    take(padding(length));
  } else {
    skip_padding(length);
  }
  return XdrReader(body, begin);
}

std::uint32_t XdrReader::count(std::size_t element_size) {
  const std::uint32_t n = u32();
  if (n > remaining() / element_size) {
    fail(fmt::format("{} elements where {} bytes are left", n, remaining()));
    return 0;
  }
  return n;
}

void XdrReader::skip_padding(std::size_t length) {
  if (std::ranges::any_of(take(padding(length)), [](std::uint8_t byte) { return byte != 0; })) {
    fail("padding that is not zero");
  }
}

void XdrReader::fail(std::string_view what) {
  if (!error_) {
    error_ = Error{fmt::format("byte {}: {}", offset(), what)};
  }
}

Result<void> XdrReader::finish() {
  if (!error_ && remaining() > 0) {
    fail(fmt::format("{} bytes left over", remaining()));
  }
  if (error_) {
    return tl::unexpected(*error_);
  }
  return {};
}

} // namespace sfa::sflow
