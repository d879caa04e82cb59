// Any text as hsflowd.auto: what was read is written in a form that reads as the same.

#include "common/auto_file.hpp"
#include "common/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto file = sfa::parse_auto_file({reinterpret_cast<const char*>(data), size});
  if (!file) {
    return 0;
  }
  // No host has such a name: it is shown in a form of its own, which is not meant to be read back.
  if (sfa::printable(file->settings.hostname) != file->settings.hostname) {
    file->settings.hostname.clear();
  }
  const std::string written = sfa::format_auto_file(*file);
  const auto again = sfa::parse_auto_file(written);
  if (!again || sfa::format_auto_file(*again) != written) {
    std::abort();
  }
  return 0;
}
