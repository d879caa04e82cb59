#include "config/yaml.hpp"

#include "common/text.hpp"

#include <fmt/format.h>
#include <set>
#include <sstream>
#include <utility>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace sfa::config {

namespace {

// Ends the parse, through yaml-cpp; caught in this file.
struct YamlError {
  Place place;
  std::string message;
};

// yaml-cpp counts from 0; -1 means no place.
Place place_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// Builds the tree from yaml-cpp's events, not from its nodes: each event has a place, and the first error
// ends the parse before anything is expanded or nested deeply.
class TreeBuilder : public YAML::EventHandler {
public:
  [[nodiscard]] Section take() { return std::move(top_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) {
      throw YamlError{place_of(mark), "found a second document, expected one"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, "", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YamlError{place_of(mark), "found an alias, expected the value itself"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    scalar(mark, tag, anchor, value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    const Place place = checked(mark, tag, anchor);
    if (open_.empty() || open_.back().list || !open_.back().key) {
      throw YamlError{place, fmt::format("found a list, expected {}", expected())};
    }
    open_.back().list = true;
  }
  void OnSequenceEnd() override {
    open_.back().list = false;
    open_.back().key.reset();
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    const Place place = checked(mark, tag, anchor);
    if (open_.empty()) {
      open_.push_back({.section = {.place = place}});
      return;
    }
    Open& parent = open_.back();
    if (!parent.key) {
      throw YamlError{place, "found a map, expected a key; is a `}` or `]` missing?"};
    }
    if (open_.size() > kMaxSectionDepth) {
      throw YamlError{place, fmt::format("found a map inside {} others, expected no more than {}",
                                         open_.size(), kMaxSectionDepth)};
    }
    open_.push_back({.section = {.name = *parent.key,
                                 .place = parent.list ? place : parent.key_place,
                                 .in_list = parent.list}});
  }
  void OnMapEnd() override {
    Section section = std::move(open_.back().section);
    open_.pop_back();
    if (open_.empty()) {
      top_ = std::move(section);
      return;
    }
    open_.back().section.sections.push_back(std::move(section));
    value_done();
  }

private:
  struct Open { // a map whose end is still to come
    Section section = {};
    std::optional<std::string> key = {}; // set if its value comes next
    Place key_place = {};
    bool list = false; // inside the list that is that value
    std::set<std::string> keys = {};
  };

  [[nodiscard]] std::string expected() const {
    return open_.empty() ? "`key: value`" : open_.back().key ? "a value" : "a key";
  }

  [[nodiscard]] Place checked(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != 0) {
      throw YamlError{place_of(mark), fmt::format("found an anchor, expected {}", expected())};
    }
    // Without a tag in the text, a plain scalar has "?" and a quoted one "!".
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw YamlError{place_of(mark),
                      fmt::format("found the tag `{}`, expected {}; what begins with `!` needs quotes",
                                  printable(tag), expected())};
    }
    return place_of(mark);
  }

  void scalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              const std::string& value) {
    const Place place = checked(mark, tag, anchor);
    if (open_.empty()) {
      throw YamlError{place, fmt::format("found {}, expected `key: value`",
                                         value.empty() ? "nothing" : fmt::format("`{}`", printable(value)))};
    }
    Open& map = open_.back();
    if (!map.key) {
      begin_key(map, place, value);
      return;
    }
    map.section.settings.push_back({*map.key, value, map.list ? place : map.key_place, place, map.list});
    value_done();
  }

  static void begin_key(Open& map, Place place, const std::string& key) {
    if (!map.keys.insert(to_lower(key)).second) {
      throw YamlError{place, fmt::format("found the key `{}` again, expected it once", printable(key))};
    }
    map.key = key;
    map.key_place = place;
  }

  void value_done() {
    if (!open_.back().list) {
      open_.back().key.reset();
    }
  }

  std::vector<Open> open_;
  Section top_;
  bool started_ = false;
};

} // namespace

ParsedTree parse_yaml(std::string_view text) {
  ParsedTree parsed;
  const auto fail = [&](Place place, std::string message) {
    parsed.diagnostics.push_back({Diagnostic::Severity::error, "", place, std::move(message)});
  };
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) {
      fail({1, 1}, "found no document, expected `key: value`");
      return parsed;
    }
    while (parser.HandleNextDocument(builder)) {
    }
    parsed.top = builder.take();
  } catch (const YamlError& error) {
    fail(error.place, error.message);
  } catch (const YAML::Exception& error) {
    fail(place_of(error.mark), fmt::format("found no valid YAML: {}", printable(error.msg)));
  }
  return parsed;
}

bool looks_like_yaml(std::string_view text) {
  text = without_byte_order_mark(text);
  for (auto line : lines(text)) {
    line = trim(line);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    constexpr std::string_view kBegins = "-%{[?";
    if (kBegins.find(line.front()) != kBegins.npos) {
      return true;
    }
    const auto colon = line.find(':');
    return colon != line.npos &&
           (colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\t') &&
           trim(line.substr(0, colon)).find_first_of(" \t{=;") == line.npos;
  }
  return false;
}

} // namespace sfa::config
