// Sends the common log into Open vSwitch's vlog, so that --log-file, -v and `ovs-appctl vlog/set` govern all
// of it.
#pragma once

namespace sfa::sflowovsd {

void log_to_vlog();

} // namespace sfa::sflowovsd
