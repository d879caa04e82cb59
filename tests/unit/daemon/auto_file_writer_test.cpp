#include "daemon/auto_file_writer.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

namespace sfa::daemon_auto_file_writer_test {

using namespace daemon;

namespace {

struct Bed {
  Bed() { REQUIRE(mkdtemp(directory.data()) != nullptr); }
  ~Bed() { std::filesystem::remove_all(directory); }
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;
  Bed(Bed&&) = delete;
  Bed& operator=(Bed&&) = delete;

  [[nodiscard]] AutoFile content() const { return read_auto_file(path).value().value(); }

  std::string directory = std::filesystem::temp_directory_path() / "auto_file_writer_test.XXXXXX";
  std::filesystem::path path; // of the shared file
  EventLoop loop;
};

Settings sampling(std::uint32_t rate) {
  Settings settings;
  settings.hostname = "kvm1";
  settings.sampling = rate;
  return settings;
}

} // namespace

TEST_CASE("only a change of settings increases the revision of the shared file") {
  Bed bed;
  bed.path = std::filesystem::path(bed.directory) / "hsflowd.auto";
  AutoFileWriter writer(bed.loop, bed.path, [] {});
  writer.publish(sampling(400));
  writer.publish(sampling(400));
  CHECK(writer.revision() == 1);
  writer.publish(sampling(500));
  CHECK(bed.content() == AutoFile{.revision = 2, .settings = sampling(500)});

  AutoFileWriter next_run(bed.loop, bed.path, [] {});
  next_run.publish(sampling(500));
  CHECK(next_run.revision() == 2);
  next_run.publish(sampling(400));
  CHECK(bed.content().revision == 3);
}

TEST_CASE("a shared file that cannot be written is a problem until a retry succeeds") {
  Bed bed;
  bed.path = std::filesystem::path(bed.directory) / "late" / "hsflowd.auto";
  AutoFileWriter writer(bed.loop, bed.path, [] {});
  writer.publish(sampling(400));
  CHECK_FALSE(writer.state().failure_text().empty());
  CHECK(writer.revision() == 0);
  std::filesystem::create_directory(bed.path.parent_path());
  writer.publish(sampling(400));
  CHECK(writer.state().failure_text().empty());
  CHECK(bed.content().revision == 1);
}

} // namespace sfa::daemon_auto_file_writer_test
