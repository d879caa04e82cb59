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
  skip_padding(out.size(), Padding::zero);
}

std::string XdrReader::string(std::size_t max) {
  const std::size_t length = u32();
  if (length > max) {
    note(fmt::format("a string of {} bytes, {} allowed", length, max));
  }
  const auto text = take(length);
  skip_padding(length, Padding::zero);
  return {text.begin(), text.end()};
}

XdrReader XdrReader::opaque(Padding rule) {
  std::size_t length = u32();
  if (notes_ != nullptr && length > remaining()) {
    note(fmt::format("cut short: needs {} bytes, has {}", length, remaining()));
    length = remaining();
    return {part(length), notes_};
  }
  XdrReader body(part(length), notes_);
  skip_padding(length, rule);
  return body;
}

std::uint32_t XdrReader::count(std::size_t element_size) {
  return static_cast<std::uint32_t>(elements(u32(), element_size));
}

void XdrReader::note(std::string_view what) {
  if (notes_ == nullptr) {
    fail(what);
  } else if (ok()) {
    notes_->push_back(fmt::format("byte {}: {}", offset(), what));
  }
}

void XdrReader::skip_padding(std::size_t length, Padding rule) {
  std::size_t size = padding(length);
  if (notes_ != nullptr && size > remaining()) {
    note("padding is missing");
    size = remaining();
  }
  const auto bytes = take(size);
  if (rule == Padding::zero && std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; })) {
    note("padding is not zero");
  }
}

} // namespace sfa::sflow
