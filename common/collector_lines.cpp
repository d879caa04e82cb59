#include "common/collector_lines.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace sfa {

namespace {

Result<std::uint16_t> port_number(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  if (!port || *port == 0) {
    return failure("'{}' is not a number from 1 to {}", printable(text),
                   std::numeric_limits<std::uint16_t>::max());
  }
  return *port;
}

// The parts of host-sflow's `IP/PORT/DEVICE/NAMESPACE`. All but the first may be empty or missing.
std::vector<std::string_view> slashed_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// Everything about a collector except address and port, as words `what=value`. It has a key of its own, so
// readers that know only addresses and ports never see it.
struct Detail {
  std::string_view word;
  std::string (*get)(const Collector&); // empty = not set
  Result<void> (*set)(Collector&, std::string_view);
};

template <auto Member>
constexpr Detail text_detail(std::string_view word) {
  return {word, [](const Collector& collector) { return collector.*Member; },
          [](Collector& collector, std::string_view text) -> Result<void> {
            collector.*Member = text;
            return {};
          }};
}

const std::array kDetails{text_detail<&Collector::name>("name="), text_detail<&Collector::device>("dev="),
                          text_detail<&Collector::network_namespace>("namespace="),
                          Detail{"source=",
                                 [](const Collector& collector) {
                                   return collector.source ? collector.source->to_string() : std::string();
                                 },
                                 [](Collector& collector, std::string_view text) {
                                   return IpAddress::parse(text).map(
                                       [&](const IpAddress& source) { collector.source = source; });
                                 }}};

std::string format_details(const Collector& collector) {
  std::string text;
  for (const auto& detail : kDetails) {
    if (const auto value = detail.get(collector); !value.empty()) {
      fmt::format_to(std::back_inserter(text), " {}{}", detail.word, value);
    }
  }
  return text;
}

bool has_details(const Collector& collector) {
  return !format_details(collector).empty();
}

} // namespace

std::vector<Collector> in_order(std::vector<Collector> collectors) {
  std::ranges::stable_sort(collectors, {}, [](const Collector& collector) {
    return std::tuple(format_collector(collector), !has_details(collector), format_details(collector));
  });
  return collectors;
}

Result<Collector> parse_collector(std::string_view text) {
  auto parts = split(text, " \t");
  if (parts.empty()) {
    return failure("no address");
  }
  const bool slashed = parts[0].find('/') != std::string_view::npos;
  if (slashed) {
    parts = slashed_parts(parts[0]);
  }
  const auto address = IpAddress::parse(parts[0]);
  if (!address) {
    return error_of(address);
  }
  Collector collector{.address = *address};
  if (parts.size() > 1 && !parts[1].empty()) {
    const auto port = port_number(parts[1]);
    if (!port) {
      return error_of(port);
    }
    collector.port = *port;
  }
  if (slashed) {
    parts.resize(4);
    collector.device = parts[2];
    collector.network_namespace = parts[3];
  }
  return collector;
}

std::string format_collector(const Collector& collector) {
  const std::string address = collector.address.to_string();
  return collector.port == kSflowPort ? address : fmt::format("{} {}", address, collector.port);
}

std::string format_collector_details(const Collector& collector) {
  const auto details = format_details(collector);
  return details.empty() ? details
                         : fmt::format("{} {}{}", collector.address.to_string(), collector.port, details);
}

Result<void> apply_collector_details(std::vector<Collector>& collectors, std::string_view text) {
  const auto words = split(text, " \t");
  if (words.size() < 2) {
    return failure("'{}' is not an address and a port", printable(text));
  }
  const auto address = IpAddress::parse(words[0]);
  const auto port = port_number(words[1]);
  if (!address || !port) {
    return address ? error_of(port) : error_of(address);
  }
  const auto collector = std::ranges::find_if(collectors, [&](const Collector& c) {
    return c.address == *address && c.port == *port && !has_details(c);
  });
  if (collector == collectors.end()) {
    return failure("no line above has this collector");
  }
  Collector details = *collector;
  for (const auto given : words) {
    const auto known =
        std::ranges::find_if(kDetails, [&](const Detail& d) { return given.starts_with(d.word); });
    if (known == kDetails.end()) {
      continue;
    }
    if (auto set = known->set(details, given.substr(known->word.size())); !set) {
      return set;
    }
  }
  *collector = std::move(details);
  return {};
}

} // namespace sfa
