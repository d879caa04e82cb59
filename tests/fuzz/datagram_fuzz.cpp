// Any bytes as an sFlow datagram: decoding it, and showing it when it is one. What strict decoding accepts
// has no problem.

#include "sflow/decode.hpp"
#include "sflow/json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto datagram = sfa::sflow::decode_datagram({data, size})) {
    const bool named = sfa::sflow::json_line(*datagram).find("\"problems\":") != std::string::npos;
    if (sfa::sflow::decode_strictly({data, size}).has_value() == named) {
      std::abort();
    }
  }
  return 0;
}
