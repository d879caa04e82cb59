#include "config/classic.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace sfa::config {

namespace {

constexpr std::string_view kSeparators = " \t\r\n=;";
constexpr std::string_view kWordEnds = " \t\r\n=;#";

struct Token {
  enum class Kind { word, open, close, end };
  Kind kind = Kind::end;
  std::string text; // of a word, without its quotes
  Place place;

  [[nodiscard]] std::string shown() const {
    switch (kind) {
    case Kind::open:
      return "`{`";
    case Kind::close:
      return "`}`";
    case Kind::end:
      return "the end of the file";
    case Kind::word:
      break;
    }
    return text.empty() ? "an empty word" : fmt::format("`{}`", printable(text));
  }
};

// Ends the parse; caught in this file.
struct SyntaxError {
  Place place;
  std::string message;
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // Braces end a key ("collector{"). A value keeps braces in pairs, because regular expressions have them:
  // "switchport=swp[0-9]{1,2}".
  Token next(bool value_expected) {
    skip_separators_and_comments();
    if (at_ >= text_.size()) {
      return {Token::Kind::end, "", place_};
    }
    const Place place = place_;
    switch (text_[at_]) {
    case '{':
      advance(1);
      return {Token::Kind::open, "", place};
    case '}':
      advance(1);
      return {Token::Kind::close, "", place};
    case '"':
      return {Token::Kind::word, checked(quoted(), place), place};
    default:
      const auto word = text_.substr(at_, bare_length(value_expected));
      advance(word.size());
      return {Token::Kind::word, checked(std::string(word), place), place};
    }
  }

private:
  void advance(std::size_t count) {
    for (; count > 0; --count, ++at_) {
      if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
  }

  void skip_separators_and_comments() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        advance(std::min(text_.find('\n', at_), text_.size()) - at_);
      } else if (kSeparators.find(text_[at_]) != kSeparators.npos) {
        advance(1);
      } else {
        return;
      }
    }
  }

  [[nodiscard]] std::size_t bare_length(bool value_expected) const {
    const auto word = text_.substr(at_, std::min(text_.find_first_of(kWordEnds, at_), text_.size()) - at_);
    std::size_t length = 0;
    while (length < word.size()) {
      if (word[length] == '}') {
        break;
      }
      if (word[length] == '{') {
        const auto close = word.find('}', length);
        if (!value_expected || close == word.npos) {
          break;
        }
        length = close;
      }
      ++length;
    }
    return length;
  }

  std::string quoted() {
    const Place place = place_;
    std::string result;
    advance(1);
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (text_[at_] != '"') {
        result += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        result += '"';
        advance(1);
      } else {
        advance(1);
        return result;
      }
      advance(1);
    }
    throw SyntaxError{place, "found a quote that is not closed on its line, expected another `\"`"};
  }

  static std::string checked(std::string word, Place place) {
    if (word.size() > kMaxClassicToken) {
      throw SyntaxError{place, fmt::format("found a word of {} bytes, expected no more than {}", word.size(),
                                           kMaxClassicToken)};
    }
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_{1, 1};
};

class Parser {
public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  // True if the text ended inside a section.
  [[nodiscard]] bool unclosed() const { return !unclosed_.empty(); }

  Section parse(std::vector<Diagnostic>& diagnostics) {
    const Token name = lexer_.next(false);
    if (name.kind != Token::Kind::word || !equal_ignoring_case(name.text, "sflow")) {
      throw SyntaxError{name.place, fmt::format("found {}, expected `sflow`", name.shown())};
    }
    const Token open = lexer_.next(false);
    if (open.kind != Token::Kind::open) {
      throw SyntaxError{open.place, fmt::format("found {}, expected `{{` after `sflow`", open.shown())};
    }
    Section top{.place = name.place};
    const Token end = parse_body(top, "sflow", 0);
    if (end.kind == Token::Kind::end) {
      diagnostics.push_back({Diagnostic::Severity::warning, "", end.place,
                             fmt::format("found the end of the file, expected `}}` to close {}", unclosed_)});
      return top;
    }
    const Token rest = lexer_.next(false);
    if (rest.kind != Token::Kind::end) {
      throw SyntaxError{
          rest.place, fmt::format("found {} after the `}}` that closes `sflow`, expected the end of the file",
                                  rest.shown())};
    }
    return top;
  }

private:
  // Returns the token after the body: `}` or the end of the file.
  Token parse_body(Section& section, std::string_view name, std::size_t depth) {
    while (true) {
      Token key = lexer_.next(false);
      if (key.kind == Token::Kind::end) {
        unclosed_ += fmt::format("{}`{}` of line {}", unclosed_.empty() ? "" : " and ", printable(name),
                                 section.place.line);
      }
      if (key.kind == Token::Kind::end || key.kind == Token::Kind::close) {
        return key;
      }
      if (key.kind == Token::Kind::open) {
        throw SyntaxError{key.place, fmt::format("found `{{`, expected a key of `{}`", printable(name))};
      }
      parse_entry(section, key, depth);
    }
  }

  void parse_entry(Section& section, const Token& key, std::size_t depth) {
    const Token value = lexer_.next(true);
    if (value.kind == Token::Kind::word) {
      section.settings.push_back({key.text, value.text, key.place, value.place});
      return;
    }
    if (value.kind != Token::Kind::open) {
      throw SyntaxError{value.place, fmt::format("found {}, expected a value for `{}`", value.shown(),
                                                 printable(key.text))};
    }
    if (depth == kMaxSectionDepth) {
      throw SyntaxError{value.place, fmt::format("found a section inside {} others, expected no more than {}",
                                                 depth + 1, kMaxSectionDepth)};
    }
    Section& child = section.sections.emplace_back(Section{.name = key.text, .place = key.place});
    parse_body(child, key.text, depth + 1);
  }

  Lexer lexer_;
  std::string unclosed_; // sections still open at the end of the file
};

void check_line_lengths(std::string_view text) {
  std::uint32_t number = 0;
  for (const auto line : lines(text)) {
    ++number;
    const std::size_t length = line.size() - (line.ends_with('\r') ? 1 : 0);
    if (length > kMaxClassicLine) {
      throw SyntaxError{
          {number, kMaxClassicLine + 1},
          fmt::format("found a line of {} bytes, expected no more than {}", length, kMaxClassicLine)};
    }
  }
}

} // namespace

ParsedTree parse_classic(std::string_view text) {
  ParsedTree parsed;
  try {
    check_line_lengths(text);
    Parser parser(text);
    parsed.top = parser.parse(parsed.diagnostics);
    parsed.unclosed = parser.unclosed();
  } catch (const SyntaxError& error) {
    parsed.diagnostics.push_back({Diagnostic::Severity::error, "", error.place, error.message});
  }
  return parsed;
}

} // namespace sfa::config
