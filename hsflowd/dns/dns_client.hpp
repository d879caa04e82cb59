// DNS on the event loop. c-ares asks, retries, falls back to TCP and handles timeouts; nothing here blocks.
// Servers, search list and options are those of resolv.conf(5). A change of that file takes effect at once,
// also for lookups in progress.
//
//   DnsClient dns(loop);
//   DnsLookup lookup = dns.addresses("collector.example.com", [](const auto& answer) { ... });
#pragma once

#include "common/event_loop.hpp"
#include "common/file_watch.hpp"
#include "common/handle.hpp"
#include "common/log.hpp"
#include "common/result.hpp"
#include "dns/dns_message.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

struct ares_channeldata;
extern "C" void ares_destroy(ares_channeldata* channel);

namespace sfa::dns {

// A lookup in progress. Its callback is called once, from the loop, never from within the call that started
// the lookup, and never after this was destroyed.
using DnsLookup = std::shared_ptr<void>;

struct NameServer {
  IpAddress address;
  std::string zone = {}; // of a link-local address: the interface's name or index (RFC 4007, section 11)

  bool operator==(const NameServer&) const = default;
};

// Settings in resolv.conf(5) that not every version of c-ares provides: it knows the options since 1.24 and
// publishes the search list until 1.33.
struct ResolverSettings {
  std::optional<std::vector<std::string>> search; // without the root; empty if it has only the root
  std::chrono::seconds timeout{2};                // doubled with each attempt
  unsigned attempts = 3;                          // at each server
  std::vector<NameServer> servers = {};
};
[[nodiscard]] ResolverSettings parse_resolver_settings(std::string_view resolv_conf);

class LinkLocalServers;

class DnsClient {
public:
  struct Setup {
    std::filesystem::path resolv_conf = "/etc/resolv.conf";
    std::uint16_t port = 53;
    std::string servers = {}; // "ADDRESS[:PORT],...", instead of those of resolv.conf
  };
  using OnAddresses = std::function<void(const Result<std::vector<DnsAddress>>&)>;
  using OnMessage = std::function<void(const Result<DnsMessage>&)>;

  // Opens nothing before the first lookup. `servers_changed` is called after each change of resolv.conf.
  explicit DnsClient(EventLoop& loop, Callback servers_changed = {});
  DnsClient(EventLoop& loop, Setup setup, Callback servers_changed = {});
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;
  DnsClient(DnsClient&&) = delete;
  DnsClient& operator=(DnsClient&&) = delete;
  ~DnsClient();

  // All IPv4 and IPv6 addresses of a host, in the order of RFC 6724. Uses /etc/hosts and the search list. The
  // answer is never empty: it is an error if there is no address.
  [[nodiscard]] DnsLookup addresses(const std::string& name, OnAddresses callback);

  // The domains of resolv.conf's search list, or the host's own, in order, without the root.
  [[nodiscard]] std::vector<std::string> search_domains();

  // The answer to one question. The name is not completed by the search list. The question asks whether the
  // answer was authenticated (AD). If the name or the record does not exist, that is an answer (see rcode).
  // It is an error if no server answers, or the answer is malformed.
  [[nodiscard]] DnsLookup records(const std::string& name, DnsType type, OnMessage callback);

private:
  struct Question;
  struct Calls; // callbacks of c-ares
  void give_servers();
  void open();
  void reopen();
  [[nodiscard]] DnsLookup begin(std::unique_ptr<Question> question);
  void ask(std::unique_ptr<Question> question);
  void answer(std::unique_ptr<Question> question, int status);
  void process(int readable, int writable);
  void arm();
  void deliver();

  EventLoop& loop_;
  Setup setup_;
  ResolverSettings resolver_;
  std::random_device random_; // of question ids, which must be unpredictable
  Callback servers_changed_;
  std::optional<FileWatch> watch_;
  Timer timeout_;
  Timer delivery_;
  std::map<int, EventSource> sources_;                 // by file descriptor
  std::vector<std::unique_ptr<Question>> answered_;    // not delivered yet
  std::vector<std::unique_ptr<Question>> interrupted_; // because their channel ended
  LoggedState servers_{"name servers"};
  LineLimit question_lines_;
  std::unique_ptr<LinkLocalServers> link_local_;
  Handle<ares_channeldata, ares_destroy> channel_; // destroyed first, because it calls back
};

} // namespace sfa::dns
