// Datagrams put together and taken apart by hand in tests.
#pragma once

#include "sflow/datagram.hpp"
#include "sflow/decode.hpp"
#include "sflow/encode.hpp"
#include "sflow/xdr.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sfa {

using namespace sflow;

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint32_t>;

inline Bytes to_bytes(const Words& words) {
  XdrWriter out;
  for (const auto word : words) {
    out.u32(word);
  }
  return out.take();
}

// Tag, length, body: a sample or a record.
inline Bytes tagged(std::uint32_t tag, const Bytes& body) {
  XdrWriter out;
  out.u32(tag);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.fixed(body);
  return out.take();
}

// The words, the number of items, the items.
inline Bytes with_items(const Words& words, const std::vector<Bytes>& items) {
  XdrWriter out;
  out.fixed(to_bytes(words));
  out.u32(static_cast<std::uint32_t>(items.size()));
  for (const auto& item : items) {
    out.fixed(item);
  }
  return out.take();
}

// From 192.0.2.1, sub-agent 100000, sequence number 7, uptime 1234 ms.
inline Bytes datagram_of(const std::vector<Bytes>& samples) {
  return with_items({5, 1, 0xc0000201, 100'000, 7, 1234}, samples);
}

// An expanded counter sample of the host, sequence number 3.
inline Bytes counters_of(const std::vector<Bytes>& records) {
  return tagged(4, with_items({3, 2, 1}, records));
}

inline std::string error_of(std::span<const std::uint8_t> datagram) {
  const auto decoded = decode_strictly(datagram);
  return decoded ? "" : decoded.error().message;
}

} // namespace sfa
