// The size and usage of the file systems that hold this host's data.
#pragma once

#include "common/result.hpp"
#include "common/worker_thread.hpp"
#include "host/mounts.hpp"
#include "host/sys_root.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfa::host {

// Sums over all writable file systems on block devices; each counts once, however often it is mounted. A pool
// of ZFS counts once: what its mounted data sets hold, and the space that is left in the pool. Left out:
// - file systems in an image file (loop devices), whose space belongs to the file system with the image;
// - network file systems;
// - volumes and data sets of ZFS that are not mounted.
struct DiskSpace {
  std::uint64_t total = 0;     // bytes
  std::uint64_t available = 0; // bytes, to users other than root, as in df(1)
  std::uint32_t max_used = 0;  // of the fullest one, percent x 100 of the space for users, as in df(1)

  bool operator==(const DiskSpace&) const = default;
};

// A file system and where it is mounted.
struct FileSystem {
  std::string device;              // MAJOR:MINOR
  std::string pool;                // of ZFS; empty for others
  std::vector<std::string> points; // any of them will do

  bool operator==(const FileSystem&) const = default;
};

// Those that count. `block_types` are the types that need a block device.
[[nodiscard]] std::vector<FileSystem> counted_file_systems(const std::vector<Mount>& mounts,
                                                           const std::set<std::string>& block_types);

struct FileSystemSpace {
  std::string pool;
  SysRoot::Space space;
};
[[nodiscard]] DiskSpace sum_of(const std::vector<FileSystemSpace>& spaces);

// Asks each file system on a thread, because statvfs(3) may never return: of cluster file systems, FUSE, or
// below a dead network mount. One that is slow gets a thread of its own, so that it delays only itself.
class DiskSpaceReader {
public:
  using Ask = std::function<std::optional<SysRoot::Space>(const std::string& mount_point)>;

  // `patience` is for all of read(). `ask` is for tests: it is called on the threads.
  explicit DiskSpaceReader(std::chrono::milliseconds patience = std::chrono::seconds(1), Ask ask = {})
      : patience_(patience), ask_(std::move(ask)) {}
  DiskSpaceReader(const DiskSpaceReader&) = delete;
  DiskSpaceReader& operator=(const DiskSpaceReader&) = delete;
  DiskSpaceReader(DiskSpaceReader&&) = delete;
  DiskSpaceReader& operator=(DiskSpaceReader&&) = delete;
  ~DiskSpaceReader(); // waits for no answer

  // The newest answers. A file system that has not answered within `patience` counts with its last answer. It
  // is left out, and not asked again, while it has still not answered at the next call.
  [[nodiscard]] Result<DiskSpace> read(const SysRoot& root);

  // What is left out, in words; empty if nothing is.
  [[nodiscard]] const std::string& missing() const { return missing_; }

private:
  struct State;
  void ask(const std::vector<FileSystem>& file_systems);
  [[nodiscard]] bool ask_together(std::unique_lock<std::mutex>& lock, std::vector<FileSystem> together);
  void add_missing(std::string_view what);
  [[nodiscard]] DiskSpace newest(const std::vector<FileSystem>& file_systems);

  std::chrono::milliseconds patience_;
  Ask ask_;
  std::shared_ptr<State> state_; // with the threads
  WorkerThread thread_;
  std::map<std::string, WorkerThread> of_slow_ones_; // by device
  std::string missing_;
};

} // namespace sfa::host
