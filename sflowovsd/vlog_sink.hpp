// Sends the common log to Open vSwitch's vlog, so that --log-file, -v and `ovs-appctl vlog/set` apply to it.
#pragma once

#include <vector>

struct vlog_module;

namespace sfa::sflowovsd {

void log_to_vlog();

// What Open vSwitch's library logs of connections and transactions. While they fail all the time, that never
// ends.
class LibraryLog {
public:
  // Leaves out its warnings and informations, unless an administrator has set another level than the usual.
  void set_quiet(bool quiet);

private:
  struct Level {
    vlog_module* module;
    int destination;
    int level;
  };
  bool quiet_ = false;
  std::vector<Level> usual_; // before it became quiet
};

} // namespace sfa::sflowovsd
