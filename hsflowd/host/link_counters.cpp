#include "host/link_counters.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sfa::host {

namespace {

// The member of LinkCounters for each number of a line; null for the other numbers.
using Columns = std::vector<std::uint64_t LinkCounters::*>;

using NamedColumn = std::pair<std::string_view, std::uint64_t LinkCounters::*>;

// True if `names` has each wanted column once.
bool append_columns(Columns& columns, std::string_view names, std::span<const NamedColumn> wanted) {
  std::size_t found = 0;
  for (const auto name : split(names)) {
    const auto row = std::ranges::find(wanted, name, [](const auto& pair) { return pair.first; });
    columns.push_back(row == wanted.end() ? nullptr : row->second);
    found += row == wanted.end() ? 0 : 1;
  }
  return found == wanted.size();
}

// " face |bytes    packets errs drop ... multicast|bytes    packets errs drop ... compressed"
std::optional<Columns> parse_header(std::string_view line) {
  const auto parts = split(line, "|");
  Columns columns;
  constexpr std::array<NamedColumn, 5> kIn{{{"bytes", &LinkCounters::bytes_in},
                                            {"packets", &LinkCounters::packets_in},
                                            {"errs", &LinkCounters::errors_in},
                                            {"drop", &LinkCounters::drops_in},
                                            {"multicast", &LinkCounters::multicast_in}}};
  constexpr std::array<NamedColumn, 4> kOut{{{"bytes", &LinkCounters::bytes_out},
                                             {"packets", &LinkCounters::packets_out},
                                             {"errs", &LinkCounters::errors_out},
                                             {"drop", &LinkCounters::drops_out}}};
  if (parts.size() == 3 && append_columns(columns, parts[1], kIn) &&
      append_columns(columns, parts[2], kOut)) {
    return columns;
  }
  return std::nullopt;
}

// "  eth0: 38091663     864 ...". Older kernels have no space after the colon.
Result<std::pair<std::string, LinkCounters>> parse_device(std::string_view line, const Columns& columns) {
  const std::size_t colon = std::min(line.rfind(':'), line.size());
  const auto name = trim(line.substr(0, colon));
  const auto numbers = split(line.substr(std::min(colon + 1, line.size())));
  if (name.empty() || numbers.size() != columns.size()) {
    return failure("'{}' is not a line of counters", printable(line));
  }
  LinkCounters counters;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto value = parse_number<std::uint64_t>(numbers[i]);
    if (!value) {
      return failure("{}: '{}' is not a counter", printable(name), printable(numbers[i]));
    }
    if (columns[i] != nullptr) {
      counters.*columns[i] = *value;
    }
  }
  return std::pair(std::string(name), counters);
}

} // namespace

Result<std::map<std::string, LinkCounters>> parse_net_dev(std::string_view text) {
  const auto all = lines(text);
  const auto columns = all.size() < 2 ? std::nullopt : parse_header(all[1]);
  if (!columns) {
    return failure("no line with the known column names");
  }
  std::map<std::string, LinkCounters> devices_by_name;
  for (std::size_t i = 2; i < all.size(); ++i) {
    auto device = parse_device(all[i], *columns);
    if (!device) {
      return error_of(device);
    }
    devices_by_name.insert(std::move(*device));
  }
  return devices_by_name;
}

} // namespace sfa::host
