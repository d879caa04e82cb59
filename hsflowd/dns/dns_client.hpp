// DNS on the event loop: c-ares asks, retries, falls back to TCP and keeps its own time; nothing here ever
// waits. Servers, search list and options are those of resolv.conf(5), and a change of that file takes effect
// at once, also for lookups that are under way.
//
//   DnsClient dns(loop);
//   DnsLookup lookup = dns.addresses("collector.example.com", [](const auto& answer) { ... });
#pragma once

#include "common/event_loop.hpp"
#include "common/file_watch.hpp"
#include "common/handle.hpp"
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

// A lookup under way. Its callback is called once, from the loop and never from within the call that began
// the lookup; never once this was destroyed.
using DnsLookup = std::shared_ptr<void>;

// Of resolv.conf(5) what not every version of c-ares has: the options are known from 1.24 on, the search list
// is told up to 1.33.
struct ResolverSettings {
  std::optional<std::vector<std::string>> search; // without the root, which alone means: none
  std::chrono::seconds timeout{2};                // doubled with each attempt
  unsigned attempts = 3;                          // at each server
};
[[nodiscard]] ResolverSettings parse_resolver_settings(std::string_view resolv_conf);

class DnsClient {
public:
  struct Setup {
    std::filesystem::path resolv_conf = "/etc/resolv.conf";
    std::uint16_t port = 53;
    std::string servers = {}; // "ADDRESS[:PORT],..." in the place of resolv.conf's
  };
  using OnAddresses = std::function<void(const Result<std::vector<DnsAddress>>&)>;
  using OnMessage = std::function<void(const Result<DnsMessage>&)>;

  // Opens nothing before the first lookup. `servers_changed` is called when resolv.conf changed.
  explicit DnsClient(EventLoop& loop, Callback servers_changed = {});
  DnsClient(EventLoop& loop, Setup setup, Callback servers_changed = {});
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;
  DnsClient(DnsClient&&) = delete;
  DnsClient& operator=(DnsClient&&) = delete;
  ~DnsClient();

  // All IPv4 and IPv6 addresses of a host, the ones that this host can best reach first (RFC 6724).
  // /etc/hosts counts, and the search list. Never an empty answer: no address is an error.
  [[nodiscard]] DnsLookup addresses(const std::string& name, OnAddresses callback);

  // The domains of resolv.conf's search list, or the host's own, in order. The root is left out.
  [[nodiscard]] std::vector<std::string> search_domains();

  // The answer to one question, the name taken as it is. Whether it was authenticated (AD) is asked for. That
  // the name or the record does not exist is an answer (see rcode); an error is that nobody answered, or not
  // in a usable way.
  [[nodiscard]] DnsLookup records(const std::string& name, DnsType type, OnMessage callback);

private:
  struct Question;
  struct Calls; // what c-ares calls
  void open();
  void watch();
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
  std::random_device random_; // of question ids, which others must not guess
  Callback servers_changed_;
  std::optional<FileWatch> watch_;
  Timer timeout_;
  Timer delivery_;
  std::map<int, EventSource> sources_;                 // by file descriptor
  std::vector<std::unique_ptr<Question>> answered_;    // not delivered yet
  std::vector<std::unique_ptr<Question>> interrupted_; // by the end of the channel that they were asked on
  Handle<ares_channeldata, ares_destroy> channel_;     // ends first: it calls back
};

} // namespace sfa::dns
