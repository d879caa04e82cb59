// What can be asked with `ovs-appctl -t sflowovsd`.
#pragma once

#include "common/event_loop.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/shared_file.hpp"

#include <vector>

struct unixctl_conn;

namespace sfa::sflowovsd {

class Commands {
public:
  // Registers them. All of these must live for as long as unixctl requests are served.
  Commands(EventLoop& loop, SharedFile& shared_file, OvsdbSession& session);
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  Commands(Commands&&) = delete;
  Commands& operator=(Commands&&) = delete;
  ~Commands() = default;

  // Each turn, when the session has run: answers who waits for it to settle.
  void answer();

private:
  using Handler = void (Commands::*)(unixctl_conn* connection, int argc, const char** argv);
  template <Handler handler>
  void add(const char* name, const char* usage, int max_arguments);

  void status(unixctl_conn* connection, int argc, const char** argv);
  void plan(unixctl_conn* connection, int argc, const char** argv);
  void resync(unixctl_conn* connection, int argc, const char** argv);
  void clear(unixctl_conn* connection, int argc, const char** argv);
  void exit(unixctl_conn* connection, int argc, const char** argv);

  EventLoop& loop_;
  SharedFile& shared_file_;
  OvsdbSession& session_;
  std::vector<unixctl_conn*> waiting_;
};

} // namespace sfa::sflowovsd
