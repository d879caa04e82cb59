// hsflowd dnssd: checks a DNS-SD zone as hosts would resolve it, before it goes live.
#include "commands/command.hpp"
#include "common/event_loop.hpp"
#include "config/config_file.hpp"
#include "config/value.hpp"
#include "daemon/daemon_options.hpp"
#include "dns/dns_client.hpp"
#include "dnssd/dns_zone.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfa::commands {

namespace {

struct DnssdOptions {
  std::string domain; // empty = that of the configuration file, else the resolver's search list
  std::string server; // "ADDRESS[:PORT]"; empty = those of resolv.conf
  double timeout_seconds = 10;
};

// Queries one zone: SRV and TXT first, then the addresses of the targets.
class ZoneQuery {
public:
  ZoneQuery(dns::DnsClient& dns, std::string name, Callback done) : dns_(dns), done_(std::move(done)) {
    answers_.name = std::move(name);
    ask(answers_.name, dns::DnsType::srv, answers_.srv);
    ask(answers_.name, dns::DnsType::txt, answers_.txt);
  }
  ZoneQuery(const ZoneQuery&) = delete;
  ZoneQuery& operator=(const ZoneQuery&) = delete;
  ZoneQuery(ZoneQuery&&) = delete;
  ZoneQuery& operator=(ZoneQuery&&) = delete;
  ~ZoneQuery() = default;

  [[nodiscard]] const dnssd::ZoneAnswers& answers() const { return answers_; }

private:
  void ask(const std::string& name, dns::DnsType type, Result<dns::DnsMessage>& to) {
    ++waiting_;
    lookups_.push_back(dns_.records(name, type, [this, &to](const auto& answer) {
      to = answer;
      if (--waiting_ == 0) {
        answered();
      }
    }));
  }

  void answered() {
    if (!std::exchange(targets_asked_, true)) {
      for (const auto& target : dnssd::zone_targets(answers_)) {
        dnssd::TargetAnswers& to = answers_.targets[target];
        ask(target, dns::DnsType::a, to.a);
        ask(target, dns::DnsType::aaaa, to.aaaa);
      }
    }
    if (waiting_ == 0) {
      done_();
    }
  }

  dns::DnsClient& dns_;
  Callback done_;
  dnssd::ZoneAnswers answers_;
  std::vector<dns::DnsLookup> lookups_;
  int waiting_ = 0;
  bool targets_asked_ = false;
};

// Prints the records to standard output and problems to standard error. Returns false if one is an error.
bool print(const dnssd::ZoneReport& report) {
  fmt::print("{}", report.text);
  std::fflush(stdout);
  for (const auto& problem : report.problems) {
    const bool is_error = problem.severity == config::Diagnostic::Severity::error;
    fmt::print(stderr, "{}: {}\n", is_error ? "error" : "warning", problem.to_string());
  }
  return !config::has_error(report.problems);
}

bool has_service(const dnssd::ZoneAnswers& answers) {
  return dnssd::evaluate(answers.name, answers.srv, answers.txt, false).kind ==
         dnssd::DnsSdResult::Kind::answer;
}

config::DnsSdConfig configured(const DnssdOptions& options, const std::filesystem::path& config_file) {
  const auto loaded = config::load_config_file(config_file); // `hsflowd check` reports its errors
  config::DnsSdConfig config = loaded.config ? loaded.config->dns_sd : config::DnsSdConfig{};
  if (!options.domain.empty()) {
    config.domain = options.domain;
  }
  return config;
}

std::string problem_of_timeout(const std::string& text) {
  constexpr double kLongest = 3600;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool known =
      error == std::errc{} && end == text.data() + text.size() && seconds > 0 && seconds <= kLongest;
  return known ? std::string() : fmt::format("`{}` is not a number of seconds up to {}", text, kLongest);
}

std::string problem_of_domain(const std::string& text) {
  const auto value = config::parse_value({.kind = config::Kind::domain}, text);
  return value ? std::string() : value.error().message;
}

int dnssd(const DnssdOptions& options, const std::filesystem::path& config_file) {
  const config::DnsSdConfig config = configured(options, config_file);
  EventLoop loop;
  dns::DnsClient dns(loop, dns::DnsClient::Setup{.servers = options.server});
  const auto domains = config.domain.empty() ? dns.search_domains() : std::vector{config.domain};
  if (domains.empty()) {
    fmt::print(
        stderr,
        "error: no domain: there is no argument, no `dns-sd` in {}, and no search list in resolv.conf\n",
        config_file.native());
    return EXIT_FAILURE;
  }
  bool in_time = true;
  Timer timeout = loop.timer([&] {
    in_time = false;
    loop.quit();
  });
  timeout.arm_at(std::chrono::steady_clock::now() +
                 std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout_seconds * 1000)));
  // Like hosts, it uses the first domain that has the service.
  std::vector<std::unique_ptr<ZoneQuery>> queries;
  std::function<void()> ask = [&] {
    queries.push_back(std::make_unique<ZoneQuery>(dns, dnssd::dns_sd_name(domains[queries.size()]), [&] {
      const dnssd::ZoneAnswers& answers = queries.back()->answers();
      if (queries.size() == domains.size() || has_service(answers)) {
        loop.quit();
        return;
      }
      fmt::print("{}: no service; trying the next domain of the search list\n", answers.name);
      ask();
    }));
  };
  ask();
  loop.run();
  const dnssd::ZoneAnswers& answers = queries.back()->answers();
  if (!in_time) {
    fmt::print(stderr, "error: {}: no answer within {} s\n", answers.name, options.timeout_seconds);
    return EXIT_FAILURE;
  }
  return print(dnssd::check_zone(answers, config)) ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

Run prepare_dnssd(OptionList& list, const daemon::DaemonOptions& daemon) {
  const auto options = std::make_shared<DnssdOptions>();
  list.add("DOMAIN", options->domain,
           "Domain (default: that of the configuration file, else the resolver's search list)")
      .check(problem_of_domain);
  list.add("--server", options->server, "DNS server, ADDRESS or ADDRESS:PORT, instead of the resolver's");
  list.add("--timeout", options->timeout_seconds, "Seconds to wait for all answers")
      .check(problem_of_timeout)
      .show_default();
  return [options, &daemon] { return dnssd(*options, daemon.config_file); };
}

} // namespace sfa::commands
