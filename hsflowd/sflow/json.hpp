// Decoded datagrams as JSON, one object per datagram. Names are those of the structures in counters.hpp.
// Values are as on the wire (an unknown counter is all ones).
//
//   {"agent_address": "192.0.2.1", "sub_agent_id": 100000, "sequence_number": 1, "uptime": 1000, "samples": [
//     {"type": "counters", "source_class": 2, "source_index": 1, "sequence_number": 1, "records": [
//       {"type": "host_parent", "container_type": 2, "container_index": 1}]}]}
//
// "type" of a sample is counters, flow, discarded or unknown; an unknown sample or record has its bytes in
// hexadecimal. An input or output of a flow is an ifIndex if its format is 0 (sFlow Version 5, interface). A
// datagram or sample with damage has a list "problems".
#pragma once

#include "sflow/decode.hpp"

#include <string>

namespace sfa::sflow {

// On one line, without a newline. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_line(const DecodedDatagram& datagram);

} // namespace sfa::sflow
