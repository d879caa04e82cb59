// A file in a daemon's state directory. It is written on a thread, because fsync(2) takes as long as the disk
// does, and that may hang.
#pragma once

#include "common/result.hpp"
#include "common/worker.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sfa {

class StateFile {
public:
  using Done = std::function<void(const Result<void>& written)>;

  // `disk` has the thread, and must outlive this. Files on one disk share it.
  StateFile(Worker& disk, std::filesystem::path path);
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  StateFile(StateFile&&) = delete;
  StateFile& operator=(StateFile&&) = delete;
  ~StateFile() = default; // what was to be written still is; the event loop must not run any more

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Replaces the file soon, and creates its directory if necessary. Of contents that wait for the disk, only
  // the last is written. `done` then gets the outcome, in the event loop. If the disk has not answered for 10
  // s, it also gets an error that says so, at once.
  void write(std::string content, Done done, MonotonicTime now = std::chrono::steady_clock::now());

private:
  struct Next;
  struct Shared;

  void enqueue();

  Worker& disk_;
  std::filesystem::path path_;
  std::shared_ptr<Shared> shared_;
  unsigned pending_ = 0;                    // jobs of the thread
  std::optional<MonotonicTime> since_ = {}; // while there are any: the last answer, or the first of them
};

} // namespace sfa
