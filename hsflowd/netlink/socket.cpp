#include "netlink/socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

// Large enough for a message of any dump: the kernel makes them no larger (libmnl, MNL_SOCKET_DUMP_SIZE).
using Buffer = std::array<char, 32768>;

// A flood of messages must not keep the event loop from its other work; the rest is read on its next turn.
constexpr int kMaxReadsPerDrain = 1024;

const char* protocol_name(int protocol) {
  return protocol == NETLINK_ROUTE ? "rtnetlink" : "netlink";
}

// Reads one datagram of messages from the kernel; those of other processes are skipped. Fails with EAGAIN if
// there is none, and with EMSGSIZE if it is larger than the buffer.
ssize_t receive(int fd, Buffer& buffer) {
  while (true) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t got = recvfrom(fd, buffer.data(), buffer.size(), MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (got < 0 && errno != EINTR) {
      return -1;
    }
    if (got > static_cast<ssize_t>(buffer.size())) {
      errno = EMSGSIZE;
      return -1;
    }
    if (got >= 0 && sender_size == sizeof sender && sender.nl_pid == 0) {
      return got;
    }
  }
}

// False if the datagram ends in the middle of a message.
template <class Each>
bool for_each_message(const Buffer& buffer, ssize_t bytes, Each each) {
  int rest = static_cast<int>(bytes);
  const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
  for (; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
    each(message);
  }
  return rest <= 0;
}

// The errno at the start of NLMSG_ERROR, which is 0 for an acknowledgement, and of NLMSG_DONE, where older
// kernels leave it out.
int error_number(const nlmsghdr* message) {
  std::int32_t negative = 0;
  if (mnl_nlmsg_get_payload_len(message) < sizeof negative) {
    return message->nlmsg_type == NLMSG_ERROR ? EBADMSG : 0;
  }
  std::memcpy(&negative, mnl_nlmsg_get_payload(message), sizeof negative);
  return negative < 0 ? -negative : 0;
}

Error answer_error(const char* protocol, const char* what, int number) {
  errno = number;
  return errno_failure(fmt::format("{} {}", protocol, what)).value();
}

} // namespace

void Requests::append(std::uint16_t type, std::uint16_t flags, const void* body, std::size_t bytes) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(bytes));
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + NLMSG_SPACE(bytes));
  std::memcpy(&bytes_[begin], &header, sizeof header);
  std::memcpy(&bytes_[begin + NLMSG_HDRLEN], body, bytes);
  ++count_;
}

Result<Socket> Socket::open(int protocol, std::initializer_list<unsigned> groups) {
  Socket socket(mnl_socket_open2(protocol, SOCK_CLOEXEC | SOCK_NONBLOCK), protocol_name(protocol));
  bool ready = socket.socket_ && mnl_socket_bind(socket.socket_.get(), 0, MNL_SOCKET_AUTOPID) == 0;
  for (unsigned group : groups) {
    ready = ready &&
            mnl_socket_setsockopt(socket.socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0;
  }
  if (!ready) {
    return errno_failure(fmt::format("open {} socket", socket.name_));
  }
  return socket;
}

Socket Socket::open_or_throw(int protocol, std::initializer_list<unsigned> groups) {
  auto socket = open(protocol, groups);
  if (!socket) {
    throw std::runtime_error(socket.error().message);
  }
  return *std::move(socket);
}

Result<Answer> Socket::ask(Requests requests, const OnMessage& each) {
  ++sequence_;
  for (std::size_t at = 0; at < requests.bytes_.size();) {
    auto* header = reinterpret_cast<nlmsghdr*>(&requests.bytes_[at]);
    header->nlmsg_seq = sequence_;
    at += NLMSG_ALIGN(header->nlmsg_len);
  }
  if (mnl_socket_sendto(socket_.get(), requests.bytes_.data(), requests.bytes_.size()) < 0) {
    return errno_failure(fmt::format("{} request", name_));
  }
  Answer answer;
  std::size_t unanswered = requests.count_;
  const auto take = [&](const nlmsghdr* message) {
    if (message->nlmsg_seq != sequence_ || unanswered == 0) {
      return;
    }
    answer.interrupted = answer.interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    const bool ends = message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE;
    if (!ends) {
      each(message);
    } else if (const int number = error_number(message); number != 0) {
      answer.refused.push_back(answer_error(name_, "answer", number));
    }
    unanswered -= ends || (message->nlmsg_flags & NLM_F_MULTI) == 0 ? 1 : 0;
  };
  alignas(nlmsghdr) Buffer buffer; // NOLINT: filled by the kernel
  while (unanswered > 0) {
    const ssize_t got = receive(fd(), buffer);
    if (got < 0) {
      return errno_failure(fmt::format("{} answer", name_));
    }
    if (!for_each_message(buffer, got, take)) {
      return tl::unexpected(answer_error(name_, "answer", EBADMSG));
    }
  }
  return answer;
}

bool Socket::drain(const OnMessage& each) {
  bool complete = true;
  alignas(nlmsghdr) Buffer buffer; // NOLINT: filled by the kernel
  for (int reads = 0; reads < kMaxReadsPerDrain; ++reads) {
    const ssize_t got = receive(fd(), buffer);
    if (got >= 0) {
      complete = for_each_message(buffer, got, each) && complete;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else {
      complete = false;
    }
  }
  return complete;
}

int Socket::fd() const {
  return mnl_socket_get_fd(socket_.get());
}

} // namespace sfa::netlink
