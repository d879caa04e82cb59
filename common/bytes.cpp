#include "common/bytes.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace sfa {

std::span<const std::uint8_t> ByteReader::take(std::size_t n) {
  if (n > remaining()) {
    fail(fmt::format("cut short: needs {} bytes, has {}", n, remaining()));
    return {};
  }
  at_ += n;
  return whole_.subspan(at_ - n, n);
}

void ByteReader::copy_to(std::span<std::uint8_t> out) {
  std::ranges::fill(out, std::uint8_t{0});
  std::ranges::copy(take(out.size()), out.begin());
}

template <class T>
T ByteReader::number() {
  std::uint64_t value = 0;
  for (const auto byte : take(sizeof(T))) {
    value = value << 8 | byte;
  }
  return static_cast<T>(value);
}

std::uint8_t ByteReader::u8() {
  return number<std::uint8_t>();
}

std::uint16_t ByteReader::u16() {
  return number<std::uint16_t>();
}

std::int16_t ByteReader::i16() {
  return number<std::int16_t>();
}

std::uint32_t ByteReader::u32() {
  return number<std::uint32_t>();
}

std::uint64_t ByteReader::u64() {
  return number<std::uint64_t>();
}

float ByteReader::f32() {
  return std::bit_cast<float>(u32());
}

ByteReader ByteReader::part(std::size_t n) {
  const std::size_t begin = at_;
  skip(n);
  ByteReader result = *this;
  if (ok()) {
    result.at_ = begin;
    result.end_ = at_;
  }
  return result;
}

ByteReader ByteReader::at(std::size_t offset) const {
  ByteReader result = *this;
  if (ok()) {
    result.at_ = 0;
    result.end_ = whole_.size();
    result.skip(offset);
  }
  return result;
}

void ByteReader::limit(std::size_t n) {
  end_ = at_ + std::min(n, remaining());
}

std::size_t ByteReader::elements(std::size_t n, std::size_t element_size) {
  if (n > remaining() / element_size) {
    fail(fmt::format("cut short: {} elements cannot be in {} bytes", n, remaining()));
    return 0;
  }
  return n;
}

void ByteReader::fail(std::string_view what) {
  if (ok()) {
    error_ = Error{fmt::format("byte {}: {}", at_, what)};
    at_ = end_;
  }
}

void ByteReader::fail_with(const ByteReader& part) {
  if (ok() && !part.ok()) {
    error_ = part.error_;
    at_ = end_;
  }
}

Result<void> ByteReader::finish() {
  if (remaining() > 0) {
    fail(fmt::format("{} bytes left over", remaining()));
  }
  if (error_) {
    return tl::unexpected(*error_);
  }
  return {};
}

} // namespace sfa
