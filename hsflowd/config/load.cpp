#include "config/load.hpp"

#include "common/text.hpp"
#include "config/classic.hpp"
#include "config/options.hpp"
#include "config/yaml.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::config {

namespace {

using Severity = Diagnostic::Severity;

std::string shown(std::string_view text) {
  return text.empty() ? "nothing" : fmt::format("`{}`", printable(text));
}

std::string in_section(std::string_view path) {
  return path.empty() ? "at the top of the configuration" : fmt::format("in section `{}`", path);
}

// One walk over the tree.
class Loader {
public:
  Loader(std::string_view file_name, bool unclosed) : file_name_(file_name), unclosed_(unclosed) {}

  LoadedConfig load(const Section& top) {
    walk(top, {});
    if (!has_error(diagnostics_)) {
      check_whole(top.place);
    }
    if (!config_.dns_sd.on) {
      config_.dns_sd = {}; // the rest has no meaning
    }
    LoadedConfig loaded{
        .config = std::nullopt, .diagnostics = std::move(diagnostics_), .origins = std::move(origins_)};
    if (!has_error(loaded.diagnostics)) {
      loaded.config = std::move(config_);
    }
    return loaded;
  }

private:
  struct Scope {
    std::string_view path; // of the section in the table
    std::string origin;    // the same with an index: "collector[0]"
    bool ignored = false;  // inside a section that this build does not support
  };

  void say(Severity severity, Place place, std::string message) {
    diagnostics_.push_back({severity, file_name_, place, std::move(message)});
  }
  void error(Place place, std::string message) { say(Severity::error, place, std::move(message)); }
  void warning(Place place, std::string message) { say(Severity::warning, place, std::move(message)); }

  void walk(const Section& node, const Scope& scope) {
    in_file_order(
        node, [&](const Setting& setting) { on_setting(setting, scope); },
        [&](const Section& section) { on_section(section, scope); });
  }

  void on_setting(const Setting& setting, const Scope& scope) {
    if (const auto found = find_option(scope.path, setting.key)) {
      on_option(setting, *found, scope);
    } else if (find_section(scope.path, setting.key) == nullptr) {
      on_unknown(setting.key, setting.key_place, scope);
    } else if (setting.value.empty()) {
      on_section({.name = setting.key, .place = setting.key_place}, scope); // YAML: "dns-sd:" and no more
    } else {
      error(setting.value_place,
            fmt::format("{}: found {}, expected a section", setting.key, shown(setting.value)));
    }
  }

  void on_option(const Setting& setting, const FoundOption& found, const Scope& scope) {
    const Option& option = *found.option;
    const auto value = parse_value(option.type, setting.value);
    if (!value) {
      say(option.supported() ? Severity::error : Severity::warning, setting.value_place,
          fmt::format("{}: {}{}", setting.key, value.error().message, option.supported() ? "" : "; ignored"));
      return;
    }
    if (setting.in_list && !option.repeatable()) {
      error(setting.value_place,
            fmt::format("{}: found a list, expected {}", setting.key, expected_text(option.type)));
      return;
    }
    std::string path = origin_path(found, scope);
    if (option.repeatable()) {
      path += fmt::format("[{}]", counts_[path]++);
    }
    warn_of_use(setting, found, path, scope);
    origins_[path] = {Origin::Kind::file, file_name_, setting.key_place, option.supported()};
    if (option.supported()) {
      option.access.set(config_, *value, found.family_name);
    }
  }

  static std::string origin_path(const FoundOption& found, const Scope& scope) {
    if (found.option->deprecated()) {
      return std::string(found.option->replaced_by);
    }
    const std::string key = option_key(*found.option, found.family_name);
    return join_path(found.alias != nullptr ? found.option->section : std::string_view(scope.origin), key);
  }

  void warn_of_use(const Setting& setting, const FoundOption& found, const std::string& path,
                   const Scope& scope) {
    const auto before = origins_.find(path);
    if (before != origins_.end() && !scope.ignored) {
      warning(setting.key_place, fmt::format("`{}` was already set in line {}, the last one counts",
                                             setting.key, before->second.place.line));
    }
    if (!found.option->supported() && !scope.ignored) {
      warning(setting.key_place, fmt::format("`{}` is not supported by this build, ignored", setting.key));
    } else if (found.alias != nullptr && found.alias->deprecated) {
      warning(setting.key_place,
              fmt::format("`{}` is deprecated, use {}", setting.key, replacement(*found.option)));
    } else if (found.option->deprecated()) {
      warning(setting.key_place,
              fmt::format("`{}` is deprecated, use section `{}`", setting.key, found.option->replaced_by));
    }
  }

  static std::string replacement(const Option& option) {
    return option.section.empty() ? fmt::format("`{}`", option.name)
                                  : fmt::format("`{}` in section `{}`", option.name, option.section);
  }

  void on_section(const Section& node, const Scope& scope) {
    const SectionRow* row = find_section(scope.path, node.name);
    if (row == nullptr) {
      if (find_option(scope.path, node.name)) {
        error(node.place, fmt::format("{}: found a section, expected a value", node.name));
      } else {
        on_unknown(node.name, node.place, scope);
      }
      return;
    }
    if (node.in_list && !row->repeatable) {
      error(node.place, fmt::format("{}: found a list, expected one section", node.name));
      return;
    }
    if (!row->supported && !scope.ignored) {
      warning(node.place, fmt::format("section `{}` is not supported by this build, ignored", row->path));
    }
    const auto count = counts_[std::string(row->path)]++;
    if (count > 0 && !row->repeatable && row->supported) {
      warning(node.place, fmt::format("section `{}` stands here again, both count", row->path));
    }
    if (row->open != nullptr) {
      row->open(config_);
    }
    const std::string origin =
        row->repeatable ? fmt::format("{}[{}]", row->path, count) : std::string(row->path);
    origins_[origin] = {Origin::Kind::file, file_name_, node.place, row->supported};
    walk(node, {row->path, origin, scope.ignored || !row->supported});
    const bool has_ip = std::ranges::any_of(
        node.settings, [](const Setting& setting) { return equal_ignoring_case(setting.key, "ip"); });
    if (row->path == "collector" && !has_ip) {
      error(node.place, "found a `collector` without `ip`, expected its address or host name");
    }
  }

  // What is known in another section is in the wrong one. What nobody knows may be an option of another
  // version: a warning, as the host has to start. In a section that this build does not support both may be
  // right, unless a `}` is missing somewhere: then the section took what stands below it.
  void on_unknown(const std::string& key, Place place, const Scope& scope) {
    if (scope.path.empty() && equal_ignoring_case(key, "sflow")) {
      error(place, "found `sflow` inside, expected its options themselves");
      return;
    }
    const auto known_in = section_that_knows(key);
    if (scope.ignored && !(unclosed_ && known_in && known_in->empty())) {
      return;
    }
    if (known_in) {
      error(place, fmt::format("found {} {}, expected it {}", shown(key), in_section(scope.path),
                               in_section(*known_in)));
      return;
    }
    constexpr std::size_t kWorthHelping = 100; // diagnostics; a file with more is no configuration
    const auto nearest = diagnostics_.size() < kWorthHelping ? nearest_key(scope.path, key) : "";
    warning(place, fmt::format("unknown key {} {}, ignored{}", shown(key), in_section(scope.path),
                               nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest)));
  }

  void check_whole(Place top) {
    for (std::size_t i = 0; i < config_.collectors.size(); ++i) {
      const auto& [host, port, network_namespace, device, source] = config_.collectors[i];
      const auto address = IpAddress::parse(host);
      if (source && address && source->is_v4() != address->is_v4()) {
        error(origins_.at(fmt::format("collector[{}].source", i)).place,
              fmt::format("source: found `{}`, expected an address of the same family as {}",
                          source->to_string(), address->to_string()));
      }
    }
    for (const auto* other : {"eapi", "sonic"}) {
      if (config_.dns_sd.on && counts_.contains(other)) {
        error(top, fmt::format("found both `dns-sd` and `{}`, expected one of them", other));
      }
    }
    if (config_.dns_sd.min_ttl > config_.dns_sd.max_ttl) {
      error(top, fmt::format("found `min-ttl` {} above `max-ttl` {} in section `dns-sd`, expected it below",
                             config_.dns_sd.min_ttl.count(), config_.dns_sd.max_ttl.count()));
    }
    if (!config_.collectors.empty() || config_.dns_sd.on) {
      return;
    }
    if (counts_.contains("eapi") || counts_.contains("sonic")) {
      warning(top, "no `collector`: nothing will be sent");
    } else {
      error(top, "found no `collector`, expected one at least, or the section `dns-sd`");
    }
  }

  std::string file_name_;
  bool unclosed_; // the text ended inside a section
  Config config_;
  std::vector<Diagnostic> diagnostics_;
  Origins origins_;
  std::map<std::string, int> counts_; // by path: sections, and values of repeatable options
};

// Both parsers take text; what is none is refused before them.
std::optional<Diagnostic> find_binary(std::string_view text) {
  Place place{1, 1};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool white = c == '\t' || c == '\n' || c == '\r';
    if ((byte < ' ' && !white) || byte == 0x7F) {
      return Diagnostic{Severity::error, "", place,
                        fmt::format("found the byte {:#04x}, expected text", byte)};
    }
    place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  return std::nullopt;
}

} // namespace

std::string Origin::to_string() const {
  switch (kind) {
  case Kind::file:
    return fmt::format("{}:{}", text, place.line);
  case Kind::dns:
    return fmt::format("DNS record {}", text);
  case Kind::command_line:
    return fmt::format("command line {}", text);
  }
  return text;
}

ParsedTree parse_config_tree(std::string_view text) {
  text = without_byte_order_mark(text);
  if (text.size() > kMaxConfigBytes) {
    return {std::nullopt,
            {{Severity::error,
              "",
              {},
              fmt::format("found {} bytes, expected no more than {}", text.size(), kMaxConfigBytes)}}};
  }
  if (const auto binary = find_binary(text)) {
    return {std::nullopt, {*binary}};
  }
  return looks_like_yaml(text) ? parse_yaml(text) : parse_classic(text);
}

LoadedConfig load_config(std::string_view text, std::string_view file_name) {
  ParsedTree parsed = parse_config_tree(text);
  for (auto& diagnostic : parsed.diagnostics) {
    diagnostic.file = file_name;
  }
  if (!parsed.top) {
    return {.config = std::nullopt, .diagnostics = std::move(parsed.diagnostics), .origins = {}};
  }
  LoadedConfig loaded = Loader(file_name, parsed.unclosed).load(*parsed.top);
  loaded.diagnostics.insert(loaded.diagnostics.end(), parsed.diagnostics.begin(), parsed.diagnostics.end());
  std::ranges::stable_sort(loaded.diagnostics, {}, &Diagnostic::place);
  return loaded;
}

} // namespace sfa::config
