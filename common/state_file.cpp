#include "common/state_file.hpp"

#include "common/file.hpp"

#include <chrono>
#include <mutex>
#include <system_error>
#include <utility>

namespace sfa {

namespace {

constexpr std::chrono::seconds kPatience{10};

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code ignored; // writing the file reports it
  std::filesystem::create_directories(path.parent_path(), ignored);
  return replace_file(path, content);
}

} // namespace

struct StateFile::Next {
  std::string content;
  Done done;
};

struct StateFile::Shared {
  std::mutex mutex;
  std::optional<Next> next; // protected by the mutex; until a job takes it

  // True if there was none.
  bool put(Next value) {
    const std::lock_guard lock(mutex);
    const bool first = !next;
    next = std::move(value);
    return first;
  }
  Next take() {
    const std::lock_guard lock(mutex);
    return *std::exchange(next, std::nullopt);
  }
};

StateFile::StateFile(Worker& disk, std::filesystem::path path)
    : disk_(disk), path_(std::move(path)), shared_(std::make_shared<Shared>()) {}

void StateFile::write(std::string content, Done done, MonotonicTime now) {
  if (now - since_.value_or(now) > kPatience) {
    done(failure("{}: the disk has not answered for {} s", path_.native(), kPatience.count()));
  }
  if (shared_->put({std::move(content), std::move(done)})) {
    since_ = since_.value_or(now);
    enqueue();
  }
}

void StateFile::enqueue() {
  struct Outcome {
    Result<void> written;
    Done done;
  };
  ++pending_;
  disk_.run(
      [shared = shared_, path = path_] {
        Next next = shared->take();
        return Outcome{write_file(path, next.content), std::move(next.done)};
      },
      [this](const Outcome& outcome) {
        --pending_;
        since_ = pending_ > 0 ? std::optional(std::chrono::steady_clock::now()) : std::nullopt;
        outcome.done(outcome.written);
      });
}

} // namespace sfa
