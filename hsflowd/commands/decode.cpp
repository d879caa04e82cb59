// hsflowd decode: prints sFlow datagrams, from the network or from a capture file, as JSON lines.
#include "commands/command.hpp"
#include "common/event_loop.hpp"
#include "common/handle.hpp"
#include "common/result.hpp"
#include "common/settings.hpp"
#include "sflow/json.hpp"
#include "sflow/packet_header.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <pcap/pcap.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <vector>

namespace sfa::commands {

namespace {

struct DecodeOptions {
  std::string file; // pcap or pcapng, "-" for standard input; empty = listen
  std::string address = "::";
  std::uint16_t port = kSflowPort;
  std::optional<std::uint64_t> count; // of datagrams, including malformed ones
  std::optional<double> seconds;
  bool strict = false;
};

// Prints datagrams as JSON lines.
class Printer {
public:
  // `flush`: a reader of a pipe gets each line at once.
  Printer(std::optional<std::uint64_t> limit, bool strict, bool flush)
      : limit_(limit), decode_(strict ? sflow::decode_strictly : sflow::decode_datagram), flush_(flush) {}

  void print(std::string_view sender, std::span<const std::uint8_t> bytes) {
    if (const auto datagram = decode_(bytes)) {
      write(sflow::json_line(*datagram) + '\n');
    } else {
      malformed_ = true;
      fmt::print(stderr, "{}: {}\n", sender, datagram.error().message);
    }
    ++seen_;
  }
  // True if no more datagrams are needed.
  [[nodiscard]] bool done() const { return closed_ || (limit_ && seen_ >= *limit_); }
  [[nodiscard]] int status() const { return malformed_ ? EXIT_FAILURE : EXIT_SUCCESS; }

private:
  void write(const std::string& line) {
    if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
        (!flush_ || std::fflush(stdout) == 0)) {
      return;
    }
    if (errno != EPIPE) {
      throw std::system_error(errno, std::generic_category(), "write to standard output");
    }
    closed_ = true;
  }

  std::optional<std::uint64_t> limit_;
  Result<sflow::DecodedDatagram> (*decode_)(std::span<const std::uint8_t>);
  bool flush_;
  std::uint64_t seen_ = 0;
  bool malformed_ = false;
  bool closed_ = false;
};

std::system_error system_failure(const std::string& what) {
  return {errno, std::generic_category(), what};
}

// Throws std::system_error; with EAFNOSUPPORT on a host without IPv6.
UniqueFd bind_udp(const std::string& address, std::uint16_t port) {
  const std::string place = fmt::format("listen on {} port {}", address, port);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0) {
    throw std::runtime_error(fmt::format("{}: {}", place, gai_strerror(error)));
  }
  const Handle<addrinfo, freeaddrinfo> local(found);
  UniqueFd socket_fd(socket(local->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_fd) {
    throw system_failure(place);
  }
  if (local->ai_family == AF_INET6) { // "::" receives IPv4, too, even if net.ipv6.bindv6only is set
    const int off = 0;
    setsockopt(socket_fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(socket_fd.get(), local->ai_addr, local->ai_addrlen) < 0) {
    throw system_failure(place);
  }
  return socket_fd;
}

UniqueFd listen(const DecodeOptions& options) {
  try {
    return bind_udp(options.address, options.port);
  } catch (const std::system_error& error) {
    if (options.address != "::" || error.code().value() != EAFNOSUPPORT) {
      throw;
    }
    return bind_udp("0.0.0.0", options.port);
  }
}

// "192.0.2.1 port 40000"
std::string sender_of(const sockaddr_storage& from, socklen_t length) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&from), length, host.data(), host.size(), port.data(),
                  port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown sender";
  }
  constexpr std::string_view kMapped = "::ffff:"; // IPv4 on an IPv6 socket (RFC 4291, section 2.5.5.2)
  std::string_view address = host.data();
  if (address.starts_with(kMapped) && address.find('.') != std::string_view::npos) {
    address.remove_prefix(kMapped.size());
  }
  return fmt::format("{} port {}", address, port.data());
}

void receive(int fd, std::vector<std::uint8_t>& buffer, Printer& printer) {
  sockaddr_storage from{};
  socklen_t from_length = sizeof from;
  const ssize_t size =
      recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_length);
  if (size >= 0) {
    printer.print(sender_of(from, from_length), std::span(buffer).first(static_cast<std::size_t>(size)));
  } else if (errno != EAGAIN && errno != EINTR) { // EAGAIN: the datagram's checksum was wrong
    throw system_failure("receive");
  }
}

void decode_network(const DecodeOptions& options, Printer& printer) {
  constexpr std::size_t kLargestDatagram = 65'535;
  EventLoop loop;
  // Before others can see the socket and stop this program.
  const EventSource terminate = loop.on_signal(SIGTERM, [&] { loop.quit(); });
  const EventSource interrupt = loop.on_signal(SIGINT, [&] { loop.quit(); });
  const UniqueFd socket_fd = listen(options);
  std::vector<std::uint8_t> buffer(kLargestDatagram);
  const EventSource readable = loop.on_readable(socket_fd.get(), [&] {
    receive(socket_fd.get(), buffer, printer);
    if (printer.done()) {
      loop.quit();
    }
  });
  Timer end = loop.timer([&] { loop.quit(); });
  if (options.seconds) {
    const std::chrono::duration<double> length(*options.seconds);
    end.arm_at(std::chrono::steady_clock::now() +
               std::chrono::duration_cast<MonotonicTime::duration>(length));
  }
  loop.run();
}

sflow::LinkType link_type_of(pcap_t& capture, const std::string& file) {
  const int type = pcap_datalink(&capture);
  switch (type) {
  case DLT_EN10MB:
    return sflow::LinkType::ethernet;
  case DLT_RAW:
  case DLT_IPV4:
  case DLT_IPV6:
    return sflow::LinkType::ip;
  case DLT_NULL:
  case DLT_LOOP:
    return sflow::LinkType::loopback;
  case DLT_LINUX_SLL:
    return sflow::LinkType::linux_cooked;
  case DLT_LINUX_SLL2:
    return sflow::LinkType::linux_cooked_v2;
  default:
    throw std::runtime_error(fmt::format("{}: link type {} is not supported", file, type));
  }
}

void decode_file(const DecodeOptions& options, Printer& printer) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const Handle<pcap_t, pcap_close> capture(pcap_open_offline(options.file.c_str(), error.data()));
  if (!capture) { // some messages of libpcap begin with the name of the file
    const std::string message = error.data();
    throw std::runtime_error(message.starts_with(options.file) ? message : options.file + ": " + message);
  }
  const sflow::LinkType link_type = link_type_of(*capture, options.file);
  constexpr std::uint8_t kUdp = 17;
  std::uint64_t number = 0;
  std::uint64_t fragments = 0;
  pcap_pkthdr* about = nullptr;
  const std::uint8_t* bytes = nullptr;
  int result = 0;
  while (!printer.done() && (result = pcap_next_ex(capture.get(), &about, &bytes)) == 1) {
    ++number;
    const sflow::Packet packet = sflow::parse_packet(link_type, {bytes, about->caplen});
    const sflow::PacketHeader& header = packet.header;
    if (header.ip_protocol != kUdp) {
      continue;
    }
    if (header.fragment) {
      ++fragments;
    } else if (header.dst_port == options.port) {
      printer.print(fmt::format("packet {} from {} port {}{}", number, header.src_ip->to_string(),
                                *header.src_port,
                                about->caplen < about->len ? ", truncated by the capture" : ""),
                    packet.udp_payload);
    }
  }
  if (fragments > 0) {
    fmt::print(stderr, "{}: {} fragments of UDP datagrams skipped\n", options.file, fragments);
  }
  if (result == PCAP_ERROR) {
    throw std::runtime_error(fmt::format("{}: {}", options.file, pcap_geterr(capture.get())));
  }
}

std::string problem_of_address(const std::string& text) {
  const auto address = IpAddress::parse(text);
  return address ? std::string() : address.error().message;
}

// Returns 1 if a datagram was rejected. Ends at the end of the file, after --count datagrams or --seconds,
// when standard output is closed, or, if it listens, at SIGTERM or SIGINT. Throws if it cannot listen or
// read.
int decode(const DecodeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN); // write reports a closed pipe
  const bool live = options.file.empty() || options.file == "-";
  Printer printer(options.count, options.strict, live);
  if (options.file.empty()) {
    decode_network(options, printer);
  } else {
    decode_file(options, printer);
  }
  return printer.status();
}

} // namespace

Run prepare_decode(OptionList& list, const daemon::DaemonOptions&) {
  constexpr double kMinSeconds = 0.001;
  constexpr double kMaxSeconds = 1e9;
  const auto options = std::make_shared<DecodeOptions>();
  const AddedOption file =
      list.add("FILE", options->file, "Capture file to read, - for standard input (default: listen)");
  list.add("--port", options->port, "UDP port of the datagrams").range(1, 65'535).show_default();
  list.add("--address", options->address, "Local address to listen on")
      .check(problem_of_address)
      .show_default()
      .excludes(file);
  list.add("--count", options->count, "Exit after N datagrams");
  list.add("--seconds", options->seconds, "Exit after N seconds")
      .range(kMinSeconds, kMaxSeconds)
      .excludes(file);
  list.add_flag("--strict", options->strict, "Reject datagrams with damage instead of naming it");
  return [options] { return decode(*options); };
}

} // namespace sfa::commands
