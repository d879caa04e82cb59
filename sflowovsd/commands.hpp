// The commands of `ovs-appctl -t sflowovsd`.
#pragma once

#include "common/event_loop.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/ports_file.hpp"
#include "sflowovsd/shared_file.hpp"

#include <vector>

struct unixctl_conn;

namespace sfa::sflowovsd {

class Commands {
public:
  // Registers the commands. The arguments must outlive the serving of unixctl requests.
  Commands(EventLoop& loop, SharedFile& shared_file, OvsdbSession& session, PortsSession& ports,
           PortsFile& ports_file);
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  Commands(Commands&&) = delete;
  Commands& operator=(Commands&&) = delete;
  ~Commands() = default;

  // Answers sflow/resync and sflow/clear once the database is up to date or cannot be. To be called after
  // each run of the session.
  void answer_waiting();

private:
  using Handler = void (Commands::*)(unixctl_conn* connection, int argc, const char** argv);
  template <Handler handler>
  void add(const char* name, const char* usage, int max_arguments);

  void status(unixctl_conn* connection, int argc, const char** argv);
  void ports(unixctl_conn* connection, int argc, const char** argv);
  void plan(unixctl_conn* connection, int argc, const char** argv);
  void resync(unixctl_conn* connection, int argc, const char** argv);
  void clear(unixctl_conn* connection, int argc, const char** argv);
  void exit(unixctl_conn* connection, int argc, const char** argv);

  EventLoop& loop_;
  SharedFile& shared_file_;
  OvsdbSession& session_;
  PortsSession& ports_;
  PortsFile& ports_file_;
  std::vector<unixctl_conn*> waiting_;
};

} // namespace sfa::sflowovsd
