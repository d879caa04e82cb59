// Any bytes as sflowovsd's ports file: what is understood is bounded by the text, and is what a sample can
// carry.

#include "guests/ports/ports_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr sfa::Uuid kHost{1};
  const auto file = sfa::guests::parse_ports_file({reinterpret_cast<const char*>(data), size}, kHost);
  if (!file) {
    return file.error().message.empty() ? (std::abort(), 0) : 0;
  }
  std::size_t ports = file->bad_ports;
  for (const auto& [uuid, guest] : file->guests) {
    if (uuid == sfa::Uuid{} || guest.name.empty() || guest.ports.empty()) {
      std::abort();
    }
    ports += guest.ports.size();
  }
  constexpr std::size_t kShortestPort = sizeof(R"({"guest":{}},)") - 2;
  if (ports * kShortestPort > size || (file->bad_ports > 0) == file->first_bad.empty()) {
    std::abort();
  }
  return 0;
}
