// Runs one fuzz target over existing files: the arguments, and all files in arguments that are directories.
// So a corpus is an ordinary test, with any compiler.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t replay(const std::filesystem::path& path) {
  std::size_t count = 0;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      count += replay(entry.path());
    }
    return count;
  }
  std::ifstream stream(path, std::ios::binary);
  // Exactly as large as the file, so that a sanitizer sees a read behind its end.
  const std::vector<char> content{std::istreambuf_iterator<char>(stream), {}};
  const std::vector<std::uint8_t> bytes(content.begin(), content.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::size_t count = replay(argv[i]);
    std::printf("%s: %zu files\n", argv[i], count);
    if (count == 0) {
      return EXIT_FAILURE; // an empty corpus must not pass
    }
  }
  return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
