#include "sflowovsd/options.hpp"

#include "common/auto_file.hpp"
#include "common/text.hpp"
#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ports_file.hpp"

#include <climits>
#include <fmt/format.h>
#include <getopt.h>
#include <memory>
#include <openssl/crypto.h>
#include <optional>
#include <spdlog/version.h>
#include <sysexits.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

constexpr int kLongestTimeout = 86400; // s

std::string default_database() {
  return fmt::format("unix:{}/db.sock", ovs_rundir());
}

[[noreturn]] void usage() {
  fmt::print("{0}: keeps an sFlow row on every bridge of Open vSwitch\n"
             "usage: {0} [OPTIONS] [DATABASE]\n"
             "where DATABASE is a socket on which ovsdb-server is listening\n"
             "      (default: \"{1}\").\n",
             program_name, default_database());
  stream_usage("DATABASE", true, false, true);
  daemon_usage();
  vlog_usage();
  fmt::print("\nInstead of running as a daemon:\n"
             "  --once                    bring the bridges up to date and exit\n"
             "  --dry-run                 print what --once would change and exit\n"
             "  --clear                   remove sflowovsd's rows from every bridge and exit\n"
             "  -t, --timeout=SECS        give up after SECS seconds (default: {1})\n"
             "\nOther options:\n"
             "  -f, --config=FILE         read hsflowd's settings from FILE (default: {0})\n"
             "  --ports-file=FILE         write the switch's ports and their guests to FILE\n"
             "                            (default: {2} for a local\n"
             "                            database, none for another one; \"\": do not)\n"
             "  --unixctl=SOCKET          override default control socket name\n"
             "  -h, --help                display this help message\n"
             "  -V, --version             display version information\n"
             "\nExit status: 0 success, 1 failure, 64 invalid command line, 78 no good settings.\n",
             kAutoFilePath, Options().timeout.count(), kPortsFilePath);
  std::exit(EXIT_SUCCESS);
}

// The unit does not restart the service for this status (RestartPreventExitStatus=).
template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "{}: {}\n", program_name, fmt::format(format, std::forward<Args>(args)...));
  std::exit(EX_USAGE);
}

void set_mode(Options& options, Mode mode) {
  if (options.mode != Mode::daemon && options.mode != mode) {
    refuse("only one of --once, --dry-run and --clear can be given");
  }
  options.mode = mode;
}

std::chrono::seconds parse_timeout(const char* text) {
  const auto seconds = parse_number<int>(text);
  if (!seconds || *seconds < 1 || *seconds > kLongestTimeout) {
    refuse("--timeout: '{}' is not a number from 1 to {}", text, kLongestTimeout);
  }
  return std::chrono::seconds(*seconds);
}

User parse_user(const char* text) {
  auto user = find_user(text);
  if (!user) {
    refuse("--user: {}", user.error().message);
  }
  return *std::move(user);
}

void check(const Options& options) {
  if (options.mode != Mode::daemon && get_detach()) {
    refuse("--detach cannot be used with --once, --dry-run or --clear");
  }
}

} // namespace

Options parse_options(int argc, char** argv) {
  enum {
    OPT_UNIXCTL = UCHAR_MAX + 1,
    OPT_ONCE,
    OPT_DRY_RUN,
    OPT_CLEAR,
    OPT_PORTS_FILE,
    DAEMON_OPTION_ENUMS,
    VLOG_OPTION_ENUMS,
    SSL_OPTION_ENUMS
  };
  static const option long_options[] = {// NOLINT(modernize-avoid-c-arrays): for getopt_long(3)
                                        {"config", required_argument, nullptr, 'f'},
                                        {"once", no_argument, nullptr, OPT_ONCE},
                                        {"dry-run", no_argument, nullptr, OPT_DRY_RUN},
                                        {"clear", no_argument, nullptr, OPT_CLEAR},
                                        {"timeout", required_argument, nullptr, 't'},
                                        {"ports-file", required_argument, nullptr, OPT_PORTS_FILE},
                                        {"unixctl", required_argument, nullptr, OPT_UNIXCTL},
                                        {"help", no_argument, nullptr, 'h'},
                                        {"version", no_argument, nullptr, 'V'},
                                        DAEMON_LONG_OPTIONS,
                                        VLOG_LONG_OPTIONS,
                                        STREAM_SSL_LONG_OPTIONS,
                                        {nullptr, 0, nullptr, 0}};
  const std::unique_ptr<char, decltype(&std::free)> short_options(
      ovs_cmdl_long_options_to_short_options(long_options), std::free);
  Options options{.shared_file = kAutoFilePath, .ports_file = {}, .database = default_database()};
  std::optional<std::string> ports_file;
  int c = 0;
  while ((c = getopt_long(argc, argv, short_options.get(), long_options, nullptr)) != -1) {
    if (c == OPT_USER_GROUP) { // Open vSwitch's own would keep other capabilities: decision 25
      options.user = parse_user(optarg);
      continue;
    }
    switch (c) {
    case 'f':
      options.shared_file = optarg;
      break;
    case 't':
      options.timeout = parse_timeout(optarg);
      break;
    case OPT_ONCE:
      set_mode(options, Mode::once);
      break;
    case OPT_DRY_RUN:
      set_mode(options, Mode::dry_run);
      break;
    case OPT_CLEAR:
      set_mode(options, Mode::clear);
      break;
    case OPT_PORTS_FILE:
      ports_file = optarg;
      break;
    case OPT_UNIXCTL:
      options.unixctl = optarg;
      break;
    case 'h':
      usage();
    case 'V':
      ovs_print_version(0, 0); // with the version of Open vSwitch's library
      fmt::print("Features: one sFlow row on every bridge, the shared file of hsflowd, selection of bridges, "
                 "the ports file, "
                 "databases over unix:, tcp: and ssl:, clusters\n"
                 "Libraries: fmt {}.{}.{}, libcap-ng {}, libsystemd {}, OpenSSL {}, spdlog {}.{}.{}\n",
                 FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100, LIBCAP_NG_VERSION,
                 LIBSYSTEMD_VERSION, OpenSSL_version(OPENSSL_VERSION_STRING), SPDLOG_VER_MAJOR,
                 SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
      std::exit(EXIT_SUCCESS);
      DAEMON_OPTION_HANDLERS
      VLOG_OPTION_HANDLERS
      STREAM_SSL_OPTION_HANDLERS
    default:
      std::exit(EX_USAGE); // getopt_long(3) printed the reason
    }
  }
  if (argc - optind > 1) {
    refuse("at most one DATABASE is accepted; use --help for usage");
  }
  if (optind < argc) {
    options.database = argv[optind];
  }
  options.ports_file = ports_file.value_or(is_local_database(options.database) ? kPortsFilePath : "");
  check(options);
  return options;
}

} // namespace sfa::sflowovsd
