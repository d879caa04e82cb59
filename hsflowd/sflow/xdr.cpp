#include "sflow/xdr.hpp"

#include <algorithm>
#include <bit>

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

void XdrReader::fixed(std::span<std::uint8_t> out) {
  copy_to(out);
  skip_padding(out.size());
}

std::string XdrReader::string(std::size_t max) {
  const std::size_t length = u32();
  if (length > max) {
    fail(fmt::format("a string of {} bytes, {} allowed", length, max));
  }
  const auto text = take(length);
  skip_padding(length);
  return {text.begin(), text.end()};
}

XdrReader XdrReader::opaque(Padding padding_rule) {
  const std::size_t length = u32();
  XdrReader body(part(length));
  if (padding_rule == Padding::any) {
    skip(padding(length));
  } else {
    skip_padding(length);
  }
  return body;
}

std::uint32_t XdrReader::count(std::size_t element_size) {
  return static_cast<std::uint32_t>(elements(u32(), element_size));
}

void XdrReader::skip_padding(std::size_t length) {
  if (std::ranges::any_of(take(padding(length)), [](std::uint8_t byte) { return byte != 0; })) {
    fail("padding is not zero");
  }
}

} // namespace sfa::sflow
