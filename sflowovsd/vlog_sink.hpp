// Sends the common log to Open vSwitch's vlog, so that --log-file, -v and `ovs-appctl vlog/set` apply to it.
#pragma once

#include <utility>
#include <vector>

struct vlog_module;

namespace sfa::sflowovsd {

void log_to_vlog();

// What some modules of Open vSwitch's library log. While something fails again and again, that never ends.
class LibraryLog {
public:
  explicit LibraryLog(std::vector<const char*> modules) : modules_(std::move(modules)) {}

  // Leaves out their warnings and information, where the level is one of these two. Afterwards each level is
  // as before, unless `vlog/set` has changed it to anything but `err` meanwhile.
  void set_quiet(bool quiet);

private:
  struct Level {
    vlog_module* module;
    int destination;
    int level;
  };
  std::vector<const char*> modules_;
  bool quiet_ = false;
  std::vector<Level> usual_; // before it became quiet
};

} // namespace sfa::sflowovsd
