#include "common/ip_address.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace sfa {

IpAddress::IpAddress(const V4& bytes) : size_(4) {
  std::ranges::copy(bytes, bytes_.begin());
}

IpAddress::IpAddress(const V6& bytes) : size_(16), bytes_(bytes) {}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  // inet_pton stops at a NUL byte and would accept the text before it.
  const bool clean = text.find('\0') == std::string_view::npos;
  V4 v4{};
  V6 v6{};
  if (clean && inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) {
    return IpAddress(v4);
  }
  if (clean && inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) {
    return IpAddress(v6);
  }
  return failure("'{}' is not an IP address", printable(text));
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

} // namespace sfa
