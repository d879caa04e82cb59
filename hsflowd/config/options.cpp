#include "config/options.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace sfa::config {

namespace {

// hsflowd.auto has the name in a key, after "sampling.": it must not contain what ends a key there.
bool is_family_name(std::string_view name) {
  constexpr std::size_t kMax = 64;
  return !name.empty() && name.size() <= kMax && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' || c == ':';
  });
}

// One spelling for names that differ only in case: "http", and "10G" for a speed.
std::string canonical_family_name(std::string_view name) {
  std::string result = to_lower(name);
  if (result.find_first_not_of("0123456789") == result.size() - 1) {
    result.back() = static_cast<char>(std::toupper(static_cast<unsigned char>(result.back())));
  }
  return result;
}

std::optional<FoundOption> find_row(std::string_view section, std::string_view key) {
  for (const auto& option : all_options()) {
    if (option.section == section && !option.is_family() && equal_ignoring_case(option.name, key)) {
      return FoundOption{&option, nullptr, ""};
    }
  }
  for (const auto& option : all_options()) {
    const auto prefix = option.name.substr(0, option.name.find("NAME"));
    if (option.section == section && option.is_family() &&
        equal_ignoring_case(key.substr(0, prefix.size()), prefix) &&
        is_family_name(key.substr(prefix.size()))) {
      return FoundOption{&option, nullptr, canonical_family_name(key.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

// The Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// The distance of a key from a known one, exact below `limit`. A word that is part of the known key is near:
// "port" and "UDPPort".
std::size_t distance_to(std::string_view key, std::string_view candidate, std::size_t limit) {
  constexpr std::size_t kMinPart = 4; // bytes; shorter words are part of too many keys
  if (key.size() >= kMinPart && candidate.find(key) != candidate.npos) {
    return 1;
  }
  const std::size_t difference =
      std::max(key.size(), candidate.size()) - std::min(key.size(), candidate.size());
  return difference < limit ? edit_distance(key, candidate) : limit;
}

} // namespace

std::string SectionRow::origin_path(std::size_t index) const {
  return repeatable() ? fmt::format("{}[{}]", name, index) : std::string(name);
}

std::optional<FoundOption> find_option(std::string_view section, std::string_view key) {
  if (auto found = find_row(section, key)) {
    return found;
  }
  for (const auto& alias : all_aliases()) {
    if (alias.section == section && equal_ignoring_case(alias.name, key)) {
      auto found = find_row(alias.target_section, alias.target_name);
      found->alias = &alias;
      return found;
    }
  }
  return std::nullopt;
}

const SectionRow* find_section(std::string_view parent, std::string_view key) {
  const auto row = std::ranges::find_if(all_sections(), [&](const SectionRow& section) {
    return equal_ignoring_case(section.name, key) ||
           (!section.plural.empty() && equal_ignoring_case(section.plural, key));
  });
  return parent.empty() && row != all_sections().end() ? &*row : nullptr;
}

const IgnoredName* find_ignored(std::string_view section, std::string_view key) {
  const auto row = std::ranges::find_if(all_ignored_names(), [&](const IgnoredName& ignored) {
    return ignored.section == section && equal_ignoring_case(ignored.name, key);
  });
  return row == all_ignored_names().end() ? nullptr : &*row;
}

std::string join_path(std::string_view parent_path, std::string_view name) {
  return parent_path.empty() ? std::string(name) : fmt::format("{}.{}", parent_path, name);
}

std::string option_key(const Option& option, std::string_view family_name) {
  return option.is_family()
             ? fmt::format("{}{}", option.name.substr(0, option.name.find("NAME")), family_name)
             : std::string(option.name);
}

std::optional<std::string_view> section_that_knows(std::string_view key) {
  if (find_option("", key) || find_section("", key) != nullptr || find_ignored("", key) != nullptr) {
    return "";
  }
  for (const auto& section : all_sections()) {
    if (find_option(section.name, key) || find_ignored(section.name, key) != nullptr) {
      return section.name;
    }
  }
  return std::nullopt;
}

std::string_view nearest_key(std::string_view section, std::string_view key) {
  constexpr std::size_t kMaxKey = 40; // bytes; a longer one is no typing mistake
  if (key.size() > kMaxKey) {
    return {};
  }
  const std::string wanted = to_lower(key);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, key.size() / 3) + 1;
  const auto consider = [&](std::string_view candidate) {
    const auto distance = distance_to(wanted, to_lower(candidate), best_distance);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  };
  for (const auto& option : all_options()) {
    if (option.section == section && !option.is_family()) {
      consider(option.name);
    }
  }
  for (const auto& row : all_sections()) {
    if (section.empty()) {
      consider(row.name);
    }
  }
  for (const auto& ignored : all_ignored_names()) {
    if (ignored.section == section) {
      consider(ignored.name);
    }
  }
  return best;
}

} // namespace sfa::config
