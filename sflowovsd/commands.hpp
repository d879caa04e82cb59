// What can be asked with `ovs-appctl -t sflowovsd`.
#pragma once

#include "common/event_loop.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/shared_file.hpp"

namespace sfa {

// The three must live for as long as unixctl requests are served.
struct CommandContext {
  EventLoop& loop;
  const SharedFile& shared_file;
  const OvsdbSession& session;
};

void register_commands(CommandContext& context);

} // namespace sfa
