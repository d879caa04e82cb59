// sflowovsd: keeps an sFlow row with hsflowd's settings on every bridge of Open vSwitch.

#include "common/event_loop.hpp"
#include "common/file.hpp"
#include "common/handle.hpp"
#include "common/log.hpp"
#include "common/privileges.hpp"
#include "common/service.hpp"
#include "common/version.hpp"
#include "sflowovsd/commands.hpp"
#include "sflowovsd/memory_limit.hpp"
#include "sflowovsd/options.hpp"
#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/ports_file.hpp"
#include "sflowovsd/shared_file.hpp"
#include "sflowovsd/vlog_sink.hpp"

#include <csignal>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>

namespace sfa::sflowovsd {

namespace {

constexpr int kExitNoSettings = 78; // EX_CONFIG of <sysexits.h>

void sleep_until_woken(EventLoop& loop, OvsdbSession& session) {
  session.wait();
  poll_fd_wait(loop.fd(), POLLIN);
  poll_block();
}

// Under systemd, the daemon sees these directories through bind mounts of its own (BindPaths= in
// systemd.exec(5)). If a directory is removed and created again, as at each restart of a unit with
// RuntimeDirectory=, the mount keeps showing the old one, which then has no links. Only a new process gets
// the new one.
void require_not_removed(const std::filesystem::path& directory) {
  struct stat found {};
  if (stat(directory.c_str(), &found) == 0 && found.st_nlink == 0) {
    throw std::runtime_error(
        fmt::format("{} was removed; exiting so that the service manager restarts us with the new directory",
                    directory.native()));
  }
}

// Open vSwitch's server for ovs-appctl(8). Without a free descriptor it would be woken all the time by a
// client that it cannot accept, so it pauses.
class ControlSocket {
public:
  explicit ControlSocket(const char* path) {
    unixctl_server* server = nullptr;
    if (const int error = unixctl_server_create(path, &server); error != 0) {
      ovs_fatal(error, "could not create control socket");
    }
    server_.reset(server);
  }

  void run() {
    unixctl_server_run(server_.get()); // also answers and closes those that were accepted before
    if (const UniqueFd free(eventfd(0, EFD_CLOEXEC)); free) {
      accepting_.ok();
    } else {
      accepting_.failed(Error{errno_failure("accept").value().message + "; trying again every second"});
    }
  }
  void wait() {
    if (accepting_.failure_text().empty()) {
      unixctl_server_wait(server_.get());
    } else {
      constexpr long long kPauseMs = 1000;
      poll_timer_wait(kPauseMs);
    }
  }

private:
  Handle<unixctl_server, unixctl_server_destroy> server_;
  LoggedState accepting_{"control socket"};
};

void run_daemon(const Options& options) {
  ControlSocket control(options.unixctl);
  EventLoop loop;
  const auto quit = [&loop] { loop.quit(); };
  const EventSource terminate = loop.on_signal(SIGTERM, quit);
  const EventSource interrupt = loop.on_signal(SIGINT, quit);
  OvsdbSession session(options.database);
  PortsSession ports(session, !options.ports_file.empty());
  PortsFile ports_file(loop, options.ports_file, ports);
  SharedFile shared_file(loop, options.shared_file,
                         [&](const std::optional<Settings>& settings) { session.set_settings(settings); });
  // As in hsflowd. By default, Open vSwitch's library would end the daemon, and systemd would take that for a
  // clean exit.
  const EventSource hangup = loop.on_signal(SIGHUP, [&] {
    spdlog::info("SIGHUP: reading {} again", options.shared_file);
    shared_file.read();
    session.resync();
    ports.follow();
    ports_file.start_over();
  });
  Commands commands(loop, shared_file, session, ports, ports_file);
  const auto shared_directory = std::filesystem::path(options.shared_file).parent_path();
  loop.enable_watchdog();
  daemonize_complete();
  notify_ready();
  while (!loop.quitting()) {
    // Our own loop last: its callbacks change what the session waits for.
    session.run();
    ports.run();
    ports_file.update();
    commands.answer_waiting();
    control.run();
    loop.run_pending();
    require_not_removed(ovs_rundir());
    require_not_removed(shared_directory);
    limit_memory(ports, options.database);

    control.wait();
    if (loop.quitting()) {
      poll_immediate_wake();
    }
    ports.wait();
    sleep_until_woken(loop, session);
  }
  notify_stopping();
}

// True if the bridges are as they should be. For --dry-run, a plan is enough.
bool is_done(const OvsdbSession& session, Mode mode) {
  return mode == Mode::dry_run ? session.current_plan().has_value() : session.settled();
}

// --once, --dry-run, --clear. Returns the exit status.
int run_once(const Options& options) {
  EventLoop loop;
  OvsdbSession session(options.database, options.mode == Mode::dry_run ? OvsdbSession::Access::read_only
                                                                       : OvsdbSession::Access::write);
  const SharedFile shared_file(loop, options.shared_file, [&](const std::optional<Settings>& settings) {
    session.set_settings(settings);
  });
  if (options.mode == Mode::clear) {
    session.set_cleared(true);
  } else if (!shared_file.content()) {
    fmt::print(stderr, "{}: {}: no good settings; nothing was changed\n", program_name, options.shared_file);
    return kExitNoSettings;
  }
  bool timed_out = false;
  Timer timeout = loop.timer([&] { timed_out = true; });
  timeout.arm_at(std::chrono::steady_clock::now() + options.timeout);
  const auto waits = [&] { return !is_done(session, options.mode) || !session.patterns_checked(); };
  for (session.run(); waits() && !timed_out; session.run()) {
    sleep_until_woken(loop, session);
    loop.run_pending();
  }
  if (!is_done(session, options.mode)) {
    fmt::print(stderr, "{}: not done within {} s: {}\n", program_name, options.timeout.count(),
               session.obstacle().value_or("the database does not answer"));
    return EXIT_FAILURE;
  }
  if (options.mode == Mode::dry_run) {
    fmt::print("{}", plan_text(*session.current_plan()));
    if (const auto written = flush_output(); !written) {
      throw std::runtime_error(written.error().message);
    }
  }
  return EXIT_SUCCESS;
}

// The socket of the database is only for root (decision 17), and so is the directory of the control socket.
void become_user(const User& user) {
  if (const auto became = become(user, {CAP_DAC_OVERRIDE}); !became) {
    ovs_fatal(0, "%s", became.error().message.c_str());
  }
}

// daemonize_start() has one parameter before Open vSwitch 3.2 and two since: access to a datapath and to
// hardware. sflowovsd needs neither.
template <class... Accesses>
void daemonize(void (*start)(Accesses...)) {
  start(Accesses{}...);
}

int run(int argc, char** argv) {
  hold_signal(SIGHUP); // a reload during the start must not end the daemon
  ovs_cmdl_proctitle_init(argc, argv);
  ovs_set_program_name(argv[0], sfa::kVersion);
  service_start(&argc, &argv);
  const Options options = parse_options(argc, argv);
  if (options.user) {
    become_user(*options.user);
  }
  fatal_ignore_sigpipe();
  log_to_vlog();
  try {
    if (options.mode != Mode::daemon) {
      release_signal(SIGHUP);
      return run_once(options);
    }
    daemonize(daemonize_start);
    run_daemon(options);
  } catch (const std::exception& error) {
    ovs_fatal(0, "%s", error.what());
  }
  return EXIT_SUCCESS;
}

} // namespace

} // namespace sfa::sflowovsd

int main(int argc, char** argv) {
  return sfa::sflowovsd::run(argc, argv);
}
