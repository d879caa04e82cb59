#include "dns/dns_client.hpp"

#include "common/file.hpp"
#include "common/text.hpp"
#include "dns/link_local_servers.hpp"

// c-ares 1.18 has only the functions that newer versions deprecate.
#define CARES_NO_DEPRECATED
#include <algorithm>
#include <ares.h>
#include <array>
#include <climits>
#include <cstring>
#include <netinet/in.h>
#include <span>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace sfa::dns {

struct DnsClient::Question {
  DnsClient* client = nullptr;
  std::weak_ptr<void> wanted;
  std::string name;
  DnsType type{};
  bool edns = true;
  OnAddresses on_addresses; // one of the two
  OnMessage on_message;
  Result<std::vector<DnsAddress>> addresses = failure("no answer");
  Result<DnsMessage> message = failure("no answer");
};

namespace {

constexpr int kRecursionDesired = 1;
constexpr int kUdpSize = 1232;                     // passes without fragmentation (RFC 9715)
constexpr std::size_t kFlagsAt = 3;                // the second byte of the flags (RFC 1035, section 4.1.1)
constexpr unsigned char kWantAuthenticData = 0x20; // AD of a question (RFC 6840, section 5.7)

void check(int status, const char* what) {
  if (status != ARES_SUCCESS) {
    throw std::runtime_error(fmt::format("{}: {}", what, ares_strerror(status)));
  }
}

template <std::size_t N>
IpAddress to_address(const void* bytes) {
  std::array<std::uint8_t, N> copy{};
  std::memcpy(copy.data(), bytes, N);
  return IpAddress(copy);
}

std::vector<DnsAddress> to_addresses(const ares_addrinfo& info) {
  std::vector<DnsAddress> result;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    const std::chrono::seconds ttl(std::max(node->ai_ttl, 0));
    if (node->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, node->ai_addr, sizeof v4);
      result.push_back({to_address<4>(&v4.sin_addr), ttl});
    } else if (node->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, node->ai_addr, sizeof v6);
      result.push_back({to_address<16>(&v6.sin6_addr), ttl});
    }
  }
  return result;
}

// c-ares also reports ECONNREFUSED if each server answered with SERVFAIL, REFUSED or NOTIMP.
std::string error_text(int status) {
  return status == ARES_ECONNREFUSED ? "no server could be reached and was willing to answer"
                                     : ares_strerror(status);
}

// `timeout:N` or `attempts:N`, within the bounds of resolv.conf(5).
void set_option(ResolverSettings& settings, std::string_view word) {
  const auto colon = word.find(':');
  const auto number = colon == word.npos ? std::nullopt : parse_number<unsigned>(word.substr(colon + 1));
  if (number && word.starts_with("timeout:")) {
    settings.timeout = std::chrono::seconds(std::clamp(*number, 1U, 30U));
  } else if (number && word.starts_with("attempts:")) {
    settings.attempts = std::clamp(*number, 1U, 5U);
  }
}

// The words after the keyword, up to a comment, without the root.
std::vector<std::string> domains_in(std::span<const std::string_view> words) {
  std::vector<std::string> domains;
  for (const auto word : words.subspan(1)) {
    if (word.starts_with('#') || word.starts_with(';')) {
      break;
    }
    if (word.find_first_not_of('.') != word.npos) {
      domains.emplace_back(word);
    }
  }
  return domains;
}

// The part of gethostname(2) after the first dot: the default of resolv.conf(5) without a search list.
std::vector<std::string> domain_of_host() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  gethostname(name.data(), name.size() - 1);
  const std::string host(name.data());
  const auto dot = host.find('.');
  return dot == host.npos || dot + 1 == host.size() ? std::vector<std::string>{}
                                                    : std::vector{host.substr(dot + 1)};
}

// The client was destroyed, or its servers changed.
bool channel_ended(int status) {
  return status == ARES_EDESTRUCTION || status == ARES_ECANCELLED;
}

} // namespace

// No exception crosses C: out of memory ends the program, and the caller's callbacks run later, from the
// loop.
struct DnsClient::Calls {
  static void on_addresses(void* data, int status, int, ares_addrinfo* info) noexcept {
    std::unique_ptr<Question> question(static_cast<Question*>(data));
    const Handle<ares_addrinfo, ares_freeaddrinfo> owned(info);
    if (status == ARES_SUCCESS) {
      question->addresses = to_addresses(*info);
      if (question->addresses->empty()) {
        status = ARES_ENODATA;
      }
    }
    if (status != ARES_SUCCESS) {
      question->addresses = failure("{}", ares_strerror(status));
    }
    DnsClient* client = question->client;
    client->answer(std::move(question), status);
  }

  static void on_message(void* data, int status, int, unsigned char* bytes, int size) noexcept {
    std::unique_ptr<Question> question(static_cast<Question*>(data));
    // c-ares reports the last two as errors, but they come with an answer, whose SOA record has the TTL.
    const bool answered = status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA;
    if (answered && bytes != nullptr) {
      question->message = parse_dns_message({bytes, static_cast<std::size_t>(size)});
    } else {
      question->message = failure("{}", error_text(status));
    }
    DnsClient* client = question->client;
    // A server without EDNS is asked again without it (RFC 6891, section 7). c-ares does that only once per
    // channel.
    const bool refused_edns = question->message && question->message->rcode == DnsRcode::format_error;
    if (refused_edns && std::exchange(question->edns, false) && !question->wanted.expired()) {
      client->ask(std::move(question));
      return;
    }
    client->answer(std::move(question), status);
  }

  static void on_socket(void* data, int fd, int readable, int writable) noexcept {
    auto* client = static_cast<DnsClient*>(data);
    // First of all: c-ares may be about to close this descriptor and to reuse its number.
    client->sources_.erase(fd);
    if (readable == 0 && writable == 0) {
      return;
    }
    try {
      client->sources_[fd] = client->loop_.on_ready(
          fd, {.readable = readable != 0, .writable = writable != 0}, [client, fd](Readiness now) {
            client->process(now.readable ? fd : ARES_SOCKET_BAD, now.writable ? fd : ARES_SOCKET_BAD);
          });
    } catch (const std::exception& error) {
      if (client->question_lines_.admits()) {
        spdlog::warn("DNS: {}", error.what()); // the question times out
      }
    }
  }
};

DnsClient::DnsClient(EventLoop& loop, Callback servers_changed)
    : DnsClient(loop, Setup{}, std::move(servers_changed)) {}

DnsClient::DnsClient(EventLoop& loop, Setup setup, Callback servers_changed)
    : loop_(loop), setup_(std::move(setup)), servers_changed_(std::move(servers_changed)),
      timeout_(loop.timer([this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); })),
      delivery_(loop.timer([this] { deliver(); })), link_local_(std::make_unique<LinkLocalServers>()) {}

DnsClient::~DnsClient() = default;

ResolverSettings parse_resolver_settings(std::string_view resolv_conf) {
  ResolverSettings settings;
  for (const auto line : lines(resolv_conf)) {
    const auto words = split(line);
    const auto keyword = words.empty() ? std::string_view() : words.front();
    if (keyword == "options") {
      for (const auto word : words) {
        set_option(settings, word);
      }
    } else if ((keyword == "search" || keyword == "domain") && words.size() > 1) {
      settings.search = domains_in(words); // the last one counts
    } else if (keyword == "nameserver" && words.size() > 1) {
      const auto zone = words[1].find('%');
      if (const auto address = IpAddress::parse(words[1].substr(0, zone))) {
        settings.servers.push_back(
            {*address, std::string(zone == words[1].npos ? "" : words[1].substr(zone + 1))});
      }
    }
  }
  return settings;
}

void DnsClient::open() {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  check(library, "c-ares");
  ares_options options{};
  options.flags = ARES_FLAG_EDNS; // larger answers without TCP (RFC 6891)
  options.ednspsz = kUdpSize;
  options.udp_port = setup_.port;
  options.tcp_port = setup_.port;
  options.sock_state_cb = Calls::on_socket;
  options.sock_state_cb_data = this;
  constexpr std::size_t kMaxBytes = 1 << 20;
  const auto text = read_file(setup_.resolv_conf, kMaxBytes);
  resolver_ = parse_resolver_settings(text && *text ? **text : "");
  options.timeout = static_cast<int>(std::chrono::milliseconds(resolver_.timeout).count());
  options.tries = static_cast<int>(resolver_.attempts);
  std::string path = setup_.resolv_conf.native();
  options.resolvconf_path = path.data();
  int given = ARES_OPT_FLAGS | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_SOCK_STATE_CB |
              ARES_OPT_RESOLVCONF | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
#ifdef ARES_OPT_QUERY_CACHE
  options.qcache_max_ttl = 0; // c-ares 1.31 and later; a repeated question must reach the server
  given |= ARES_OPT_QUERY_CACHE;
#endif
  ares_channeldata* channel = nullptr;
  check(ares_init_options(&channel, &options, given), "c-ares");
  channel_.reset(channel);
  give_servers();
  if (!watch_) {
    watch_.emplace(loop_, std::vector<std::filesystem::path>{setup_.resolv_conf}, [this] { reopen(); });
  }
}

void DnsClient::give_servers() {
  if (!setup_.servers.empty()) {
    check(ares_set_servers_ports_csv(channel_.get(), setup_.servers.c_str()), "DNS server");
    return;
  }
  if (const auto given = link_local_->give(channel_.get(), resolver_.servers)) {
    servers_.ok();
  } else {
    servers_.failed(given.error());
  }
}

void DnsClient::reopen() {
  channel_.reset(); // interrupts lookups in progress
  open();
  for (auto& question : std::exchange(interrupted_, {})) {
    ask(std::move(question));
  }
  arm();
  if (servers_changed_) {
    servers_changed_();
  }
}

std::vector<std::string> DnsClient::search_domains() {
  if (!channel_) {
    open();
  }
  return resolver_.search ? *resolver_.search : domain_of_host();
}

DnsLookup DnsClient::addresses(const std::string& name, OnAddresses callback) {
  auto question = std::make_unique<Question>();
  question->name = name;
  question->on_addresses = std::move(callback);
  return begin(std::move(question));
}

DnsLookup DnsClient::records(const std::string& name, DnsType type, OnMessage callback) {
  auto question = std::make_unique<Question>();
  question->name = name;
  question->type = type;
  question->on_message = std::move(callback);
  return begin(std::move(question));
}

DnsLookup DnsClient::begin(std::unique_ptr<Question> question) {
  if (!channel_) {
    open();
  }
  DnsLookup lookup = std::make_shared<char>();
  question->client = this;
  question->wanted = lookup;
  ask(std::move(question));
  arm();
  return lookup;
}

// c-ares owns the question until it calls back, which it does exactly once.
void DnsClient::ask(std::unique_ptr<Question> question) {
  Question& asked = *question.release();
  if (asked.on_addresses) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    ares_getaddrinfo(channel_.get(), asked.name.c_str(), nullptr, &hints, Calls::on_addresses, &asked);
    return;
  }
  // As ares_query, which cannot set AD.
  unsigned char* made = nullptr;
  int size = 0;
  const auto id = static_cast<unsigned short>(random_());
  const int status = ares_create_query(asked.name.c_str(), kClassIn, static_cast<int>(asked.type), id,
                                       kRecursionDesired, &made, &size, asked.edns ? kUdpSize : 0);
  const Handle<unsigned char, ares_free_string> owned(made);
  if (status != ARES_SUCCESS) {
    Calls::on_message(&asked, status, 0, nullptr, 0);
    return;
  }
  made[kFlagsAt] |= kWantAuthenticData;
  ares_send(channel_.get(), made, size, Calls::on_message, &asked);
}

void DnsClient::answer(std::unique_ptr<Question> question, int status) {
  if (question->wanted.expired()) {
    return;
  }
  if (channel_ended(status)) {
    interrupted_.push_back(std::move(question));
    return;
  }
  answered_.push_back(std::move(question));
  delivery_.arm_at(std::chrono::steady_clock::now());
}

void DnsClient::process(int readable, int writable) {
  ares_process_fd(channel_.get(), readable, writable);
  arm();
}

void DnsClient::arm() {
  timeval left{};
  if (ares_timeout(channel_.get(), nullptr, &left) == nullptr) {
    timeout_.disarm();
    return;
  }
  timeout_.arm_at(std::chrono::steady_clock::now() + std::chrono::seconds(left.tv_sec) +
                  std::chrono::microseconds(left.tv_usec));
}

void DnsClient::deliver() {
  for (const auto& question : std::exchange(answered_, {})) {
    const DnsLookup wanted = question->wanted.lock();
    if (!wanted) {
      continue;
    }
    if (question->on_addresses) {
      question->on_addresses(question->addresses);
    } else {
      question->on_message(question->message);
    }
  }
}

} // namespace sfa::dns
