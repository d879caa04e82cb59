// sflowovsd: keeps the sFlow row that hsflowd's settings describe on every bridge of Open vSwitch.

#include "common/auto_file.hpp"
#include "common/event_loop.hpp"
#include "common/service.hpp"
#include "sflowovsd/commands.hpp"
#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/shared_file.hpp"
#include "sflowovsd/vlog_sink.hpp"

#include <array>
#include <climits>
#include <csignal>
#include <exception>
#include <getopt.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>

namespace {

using namespace sfa;

struct Options {
  std::string shared_file = kAutoFilePath;
  std::string database = std::string("unix:") + ovs_rundir() + "/db.sock";
  const char* unixctl = nullptr; // the default path
};

[[noreturn]] void usage() {
  fmt::print("{0}: keeps an sFlow row on every bridge of Open vSwitch\n"
             "usage: {0} [OPTIONS] [DATABASE]\n"
             "where DATABASE is a socket on which ovsdb-server is listening\n"
             "      (default: \"{1}\").\n",
             program_name, Options().database);
  stream_usage("DATABASE", true, false, true);
  daemon_usage();
  vlog_usage();
  fmt::print("\nOther options:\n"
             "  -f, --config=FILE         settings that hsflowd publishes (default: {})\n"
             "  --unixctl=SOCKET          override default control socket name\n"
             "  -h, --help                display this help message\n"
             "  -V, --version             display version information\n",
             kAutoFilePath);
  std::exit(EXIT_SUCCESS);
}

Options parse_options(int argc, char** argv) {
  enum { OPT_UNIXCTL = UCHAR_MAX + 1, DAEMON_OPTION_ENUMS, VLOG_OPTION_ENUMS, SSL_OPTION_ENUMS };
  static const option long_options[] = {// NOLINT(modernize-avoid-c-arrays): for getopt_long(3)
                                        {"config", required_argument, nullptr, 'f'},
                                        {"unixctl", required_argument, nullptr, OPT_UNIXCTL},
                                        {"help", no_argument, nullptr, 'h'},
                                        {"version", no_argument, nullptr, 'V'},
                                        DAEMON_LONG_OPTIONS,
                                        VLOG_LONG_OPTIONS,
                                        STREAM_SSL_LONG_OPTIONS,
                                        {nullptr, 0, nullptr, 0}};
  const std::unique_ptr<char, decltype(&std::free)> short_options(
      ovs_cmdl_long_options_to_short_options(long_options), std::free);
  Options options;
  int c = 0;
  while ((c = getopt_long(argc, argv, short_options.get(), long_options, nullptr)) != -1) {
    switch (c) {
    case 'f':
      options.shared_file = optarg;
      break;
    case OPT_UNIXCTL:
      options.unixctl = optarg;
      break;
    case 'h':
      usage();
    case 'V':
      ovs_print_version(0, 0);
      std::exit(EXIT_SUCCESS);
      DAEMON_OPTION_HANDLERS
      VLOG_OPTION_HANDLERS
      STREAM_SSL_OPTION_HANDLERS
    default:
      std::exit(EXIT_FAILURE); // getopt_long(3) said why
    }
  }
  if (argc - optind > 1) {
    ovs_fatal(0, "at most one DATABASE is accepted; use --help for usage");
  }
  if (optind < argc) {
    options.database = argv[optind];
  }
  return options;
}

void run(EventLoop& loop, unixctl_server* unixctl, OvsdbSession& session) {
  while (!loop.quitting()) {
    // Our loop last: what it does in its callbacks decides what it waits for.
    session.run();
    unixctl_server_run(unixctl);
    loop.run_pending();

    session.wait();
    unixctl_server_wait(unixctl);
    poll_fd_wait(loop.fd(), POLLIN);
    if (loop.quitting()) {
      poll_immediate_wake();
    }
    poll_block();
  }
}

} // namespace

int main(int argc, char** argv) {
  ovs_cmdl_proctitle_init(argc, argv);
  ovs_set_program_name(argv[0], PROJECT_VERSION);
  service_start(&argc, &argv);
  const Options options = parse_options(argc, argv);
  fatal_ignore_sigpipe();
  log_to_vlog();

  daemonize_start(false);
  try {
    unixctl_server* unixctl = nullptr;
    if (const int error = unixctl_server_create(options.unixctl, &unixctl); error != 0) {
      ovs_fatal(error, "could not create control socket");
    }
    EventLoop loop;
    const auto quit = [&loop] { loop.quit(); };
    const EventSource terminate = loop.on_signal(SIGTERM, quit);
    const EventSource interrupt = loop.on_signal(SIGINT, quit);
    OvsdbSession session(options.database);
    const SharedFile shared_file(loop, options.shared_file, [&](const std::optional<Settings>& settings) {
      session.set_settings(settings);
    });
    CommandContext commands{loop, shared_file, session};
    register_commands(commands);
    loop.enable_watchdog();
    daemonize_complete();
    notify_ready();
    run(loop, unixctl, session);
    notify_stopping();
    unixctl_server_destroy(unixctl);
  } catch (const std::exception& error) {
    ovs_fatal(0, "%s", error.what());
  }
  return EXIT_SUCCESS;
}
