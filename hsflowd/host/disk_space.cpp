#include "host/disk_space.hpp"

#include "common/patience.hpp"
#include "common/text.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <fmt/format.h>
#include <limits>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

namespace sfa::host {

namespace {

// 17,500 mounts are about 4 MiB.
constexpr std::size_t kMaxMountinfo = std::size_t{64} << 20;

bool is_loop_device(std::string_view device) {
  return device.starts_with("7:"); // the kernel's admin-guide/devices.txt
}

std::uint64_t sum_within_64_bits(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

void add(DiskSpace& sum, const SysRoot::Space& space) {
  sum.total = sum_within_64_bits(sum.total, space.total);
  sum.available = sum_within_64_bits(sum.available, space.available);
  const std::uint64_t used = space.total - std::min(space.free, space.total);
  const double usable = static_cast<double>(used) + static_cast<double>(space.available);
  if (usable > 0) {
    const auto percent_x_100 =
        static_cast<std::uint32_t>(std::lround(10000.0 * static_cast<double>(used) / usable));
    sum.max_used = std::max(sum.max_used, percent_x_100);
  }
}

} // namespace

std::vector<FileSystem> counted_file_systems(const std::vector<Mount>& mounts,
                                             const std::set<std::string>& block_types) {
  std::vector<FileSystem> result;
  std::map<std::string, std::size_t> place; // by device
  for (const Mount& mount : mounts) {
    const bool zfs = mount.type == "zfs"; // "nodev", because a pool has many devices
    if (!mount.writable || (!zfs && !block_types.contains(mount.type)) || is_loop_device(mount.device)) {
      continue;
    }
    const auto [found, is_new] = place.try_emplace(mount.device, result.size());
    if (is_new) {
      result.push_back({.device = mount.device,
                        .pool = zfs ? mount.source.substr(0, mount.source.find('/')) : "",
                        .points = {}});
    }
    result[found->second].points.push_back(mount.point);
  }
  return result;
}

DiskSpace sum_of(const std::vector<FileSystemSpace>& spaces) {
  DiskSpace sum;
  std::map<std::string, SysRoot::Space> pools;
  for (const auto& [pool, space] : spaces) {
    if (pool.empty()) {
      add(sum, space);
      continue;
    }
    // Each data set claims the free space of the pool, as far as its quota and reservations allow.
    auto& all = pools[pool];
    all.total =
        sum_within_64_bits(all.total, space.total - std::min(space.free, space.total)); // used, for now
    all.free = std::max(all.free, space.free);
    all.available = std::max(all.available, space.available);
  }
  for (auto& [pool, space] : pools) {
    space.total = sum_within_64_bits(space.total, space.free);
    add(sum, space);
  }
  return sum;
}

// Protected by the mutex.
struct DiskSpaceReader::State {
  struct Question {
    std::optional<SysRoot::Space> space; // the last answer; nullopt also if statvfs(3) failed
    bool running = false;                // on some thread
    bool slow = false;                   // was not answered in time once
    bool answered = false;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Question> questions; // by device
  unsigned round = 0;    // what is asked now; threads that were left behind have an older one
  unsigned finished = 0; // round

  // On a thread. Ends early if another round has begun.
  void run(const Ask& ask, const std::vector<FileSystem>& file_systems, unsigned for_round) {
    for (const auto& [device, pool, points] : file_systems) {
      {
        const std::lock_guard lock(mutex);
        if (round != for_round) {
          return;
        }
        questions[device].running = true;
      }
      answer(ask, device, points);
    }
    const std::lock_guard lock(mutex);
    if (round == for_round) {
      finished = for_round;
      changed.notify_all();
    }
  }

  // On a thread.
  void answer(const Ask& ask, const std::string& device, const std::vector<std::string>& points) {
    std::optional<SysRoot::Space> space;
    for (auto point = points.begin(); point != points.end() && !space; ++point) {
      space = ask(*point);
    }
    const std::lock_guard lock(mutex);
    auto& question = questions[device];
    question.space = space;
    question.running = false;
    question.answered = true;
  }
};

DiskSpaceReader::~DiskSpaceReader() {
  bool running = false;
  if (state_) {
    const std::lock_guard lock(state_->mutex);
    ++state_->round;
    running = std::ranges::any_of(state_->questions, [](const auto& entry) { return entry.second.running; });
  }
  // Threads that do nothing end now; so nothing is left behind (WorkerThread::any_left_behind()).
  if (running) {
    thread_.abandon();
    for (auto& [device, thread] : of_slow_ones_) {
      thread.abandon();
    }
  }
}

Result<DiskSpace> DiskSpaceReader::read(const SysRoot& root) {
  const auto types = parse_file(root, "proc/filesystems", parse_block_file_systems);
  if (!types) {
    return error_of(types);
  }
  const auto mounts = parse_file(root, "proc/self/mountinfo", parse_mountinfo, kMaxMountinfo);
  if (!mounts) {
    return error_of(mounts);
  }
  if (!ask_) {
    ask_ = [root](const std::string& point) { return root.space(point); };
  }
  if (!state_) {
    state_ = std::make_shared<State>();
  }
  const auto [all_mounts, not_a_mount] = mounts->value_or(Mounts{});
  const auto file_systems = counted_file_systems(all_mounts, types->value_or(std::set<std::string>{}));
  missing_.clear();
  if (!not_a_mount.empty()) {
    add_missing(fmt::format("proc/self/mountinfo has a line that is not a mount: '{}'", not_a_mount));
  }
  ask(file_systems);
  return newest(file_systems);
}

void DiskSpaceReader::ask(const std::vector<FileSystem>& file_systems) {
  std::unique_lock lock(state_->mutex);
  std::vector<FileSystem> together;
  bool threads = true;
  bool stuck_together = false;
  for (const auto& file_system : file_systems) {
    auto& question = state_->questions[file_system.device];
    if (question.running) { // since the last call
      stuck_together = stuck_together || !question.slow;
      question.slow = true;
      question.answered = false;
      question.space.reset();
    } else if (question.slow) {
      question.running = of_slow_ones_[file_system.device].add([state = state_, ask = ask_, file_system] {
        state->answer(ask, file_system.device, file_system.points);
      });
      threads = threads && question.running;
    } else {
      together.push_back(file_system);
    }
  }
  if (stuck_together) {
    thread_.abandon(); // or else those of this call wait behind the one that hangs
  }
  if (!together.empty()) {
    threads = ask_together(lock, std::move(together)) && threads;
  }
  if (!threads) {
    add_missing("the system cannot create a thread, so what was read before counts");
  }
}

// False if the system cannot create a thread.
bool DiskSpaceReader::ask_together(std::unique_lock<std::mutex>& lock, std::vector<FileSystem> together) {
  const unsigned round = ++state_->round;
  const auto job = [state = state_, ask = ask_](const std::vector<FileSystem>& asked, unsigned for_round) {
    return [=] { state->run(ask, asked, for_round); };
  };
  if (!thread_.add(job(together, round))) {
    return false;
  }
  const auto finished = [&] { return state_->finished == round; };
  if (wait_with_patience(state_->changed, lock, patience_, finished)) {
    return true;
  }
  // One of them takes too long. Those behind it are asked on another thread, for the next call.
  const auto stuck = std::ranges::find_if(
      together, [&](const FileSystem& each) { return state_->questions[each.device].running; });
  if (stuck != together.end()) {
    state_->questions[stuck->device].slow = true;
  }
  const unsigned next_round = ++state_->round;
  lock.unlock();
  thread_.abandon();
  if (stuck != together.end()) {
    together.erase(together.begin(), stuck + 1);
  }
  return together.empty() || thread_.add(job(together, next_round));
}

void DiskSpaceReader::add_missing(std::string_view what) {
  missing_ += fmt::format("{}{}", missing_.empty() ? "" : "; ", what);
}

DiskSpace DiskSpaceReader::newest(const std::vector<FileSystem>& file_systems) {
  const std::lock_guard lock(state_->mutex);
  std::vector<FileSystemSpace> spaces;
  std::set<std::string> devices;
  std::vector<std::string> silent;
  for (const auto& [device, pool, points] : file_systems) {
    const auto& question = state_->questions[device];
    devices.insert(device);
    if (question.space) {
      spaces.push_back({.pool = pool, .space = *question.space});
    } else if (!question.answered) {
      silent.push_back(printable(points.front()));
    }
  }
  if (!silent.empty()) {
    add_missing(fmt::format("left out because statvfs(3) has not returned: {}", fmt::join(silent, ", ")));
  }
  std::erase_if(state_->questions,
                [&](const auto& entry) { return !devices.contains(entry.first) && !entry.second.running; });
  for (auto thread = of_slow_ones_.begin(); thread != of_slow_ones_.end();) {
    if (devices.contains(thread->first)) {
      ++thread;
    } else {
      thread->second.abandon();
      thread = of_slow_ones_.erase(thread);
    }
  }
  return sum_of(spaces);
}

} // namespace sfa::host
