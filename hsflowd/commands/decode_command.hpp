// hsflowd decode: prints sFlow datagrams, from the network or from a capture file, as JSON lines.
#pragma once

#include "common/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace sfa::commands {

struct DecodeOptions {
  std::string file; // pcap or pcapng, "-" for standard input; empty = listen
  std::string address = "::";
  std::uint16_t port = kSflowPort;
  std::optional<std::uint64_t> count; // datagrams, malformed ones too
  std::optional<double> seconds;
};

void add_decode_options(CLI::App& command, DecodeOptions& options);

// Returns the exit status: 1 when a datagram was malformed. Ends when there is nothing left to read, what
// --count or
// --seconds says is reached, SIGTERM or SIGINT comes, or nobody reads standard output. Throws when it cannot
// listen or read.
[[nodiscard]] int decode(const DecodeOptions& options);

} // namespace sfa::commands
