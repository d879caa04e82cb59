// Any bytes as an sFlow datagram: decoding it, and showing it when it is one.

#include "sflow/decode.hpp"
#include "sflow/json.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto datagram = sfa::sflow::decode_datagram({data, size})) {
    static_cast<void>(sfa::sflow::json_line(*datagram));
  }
  return 0;
}
