// The only owner of a thread in this project: runs jobs one after another. If a job hangs, its owner leaves
// the thread behind instead of waiting. common/worker.hpp lists what is built on this, and when to use which.
//
//   WorkerThread thread;
//   if (!thread.add([shared] { shared->read(); })) {
//     // the system cannot create a thread now
//   }
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace sfa {

class WorkerThread {
public:
  // A job owns or shares everything that it uses, because the thread may be left behind with it. It must not
  // throw. It is destroyed on the thread.
  using Job = std::function<void()>;
  static constexpr std::chrono::milliseconds kPatience{300};

  // `patience` is that of stop() at the end.
  explicit WorkerThread(std::chrono::milliseconds patience = kPatience) : patience_(patience) {}
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;
  WorkerThread(WorkerThread&&) = delete;
  WorkerThread& operator=(WorkerThread&&) = delete;
  ~WorkerThread() { stop(patience_); }

  // Queues a job. The thread starts with the first one, so a WorkerThread without a job costs nothing. False
  // if the system cannot create a thread now; `job` is unchanged then.
  [[nodiscard]] bool add(Job&& job);

  // Waits until the queued jobs are done, and joins the thread. After `patience` it leaves the thread behind
  // instead: a library that hangs must not keep the daemon from ending. The next job starts another thread.
  void stop(std::chrono::milliseconds patience = kPatience);

  // Leaves the thread behind now. It still finishes its jobs, and then ends.
  void abandon() { stop(std::chrono::milliseconds(0)); }

  // Whether any thread of this process was left behind. It may use static objects, its own or those of
  // libraries, until the process ends: such a process must end by _exit(2), which destroys none.
  [[nodiscard]] static bool any_left_behind();

private:
  struct Shared;

  std::chrono::milliseconds patience_;
  std::shared_ptr<Shared> shared_; // with the thread; null while there is none
  std::thread thread_;
};

} // namespace sfa
