// Sends the common log to Open vSwitch's vlog, so that --log-file, -v and `ovs-appctl vlog/set` apply to it.
#pragma once

namespace sfa::sflowovsd {

void log_to_vlog();

} // namespace sfa::sflowovsd
