#include "common/log.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>
#include <vector>

namespace sfa::common_logged_state_test {

namespace {

// The default logger's lines, while it exists.
class LogLines {
public:
  LogLines() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
    sink->set_pattern("%v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::move(sink)));
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  LogLines(LogLines&&) = delete;
  LogLines& operator=(LogLines&&) = delete;
  ~LogLines() { spdlog::set_default_logger(before_); }

  std::vector<std::string> take() {
    std::istringstream text(std::exchange(text_, {}).str());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
      lines.push_back(line);
    }
    return lines;
  }

private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("a state is logged when it fails, when the failure becomes another one, and when it recovers") {
  LogLines log;
  LoggedState state("disk");
  state.ok();
  state.failed(Error{"full"});
  state.failed(Error{"full"});
  state.failed(Error{"gone"});
  CHECK(state.failure_text() == "gone");
  state.ok();
  state.ok();
  CHECK(state.failure_text().empty());
  CHECK(log.take() == Lines{"disk: full", "disk: gone", "disk: recovered"});
}

TEST_CASE("a state that flaps is logged four times at once, then every 30 s, and the log ends with a "
          "recovery if it does") {
  LogLines log;
  LoggedState state("disk");
  const LineLimit::Time begin{};
  for (auto now = begin; now < begin + std::chrono::seconds(60); now += std::chrono::milliseconds(10)) {
    state.failed(Error{"full"}, now);
    state.ok();
  }
  const Lines once{"disk: full", "disk: recovered"};
  Lines expected;
  for (int i = 0; i < 4; ++i) {
    expected.insert(expected.end(), once.begin(), once.end());
  }
  expected.insert(expected.end(), {"disk: full (and 2996 failures before it)", "disk: recovered"});
  CHECK(log.take() == expected);
}

TEST_CASE("a failure with a new text at each call is logged four times, a later one when it may be, and its "
          "recovery") {
  LogLines log;
  LoggedState state("disk");
  const LineLimit::Time begin{};
  for (int i = 0; i < 10; ++i) {
    state.failed(Error{std::to_string(i)}, begin);
  }
  CHECK(state.failure_text() == "9");
  CHECK(log.take() == Lines{"disk: 0", "disk: 1", "disk: 2", "disk: 3"});
  state.failed(Error{"9"}, begin + std::chrono::seconds(29));
  CHECK(log.take().empty());
  state.failed(Error{"9"}, begin + std::chrono::seconds(30));
  state.failed(Error{"9"}, begin + std::chrono::seconds(90));
  state.ok();
  CHECK(log.take() == Lines{"disk: 9 (and 5 failures before it)", "disk: recovered"});
}

TEST_CASE("the recovery of a failure that was not logged is not logged either") {
  LogLines log;
  LoggedState state("disk");
  for (int i = 0; i < 5; ++i) {
    state.failed(Error{"full"}, LineLimit::Time{});
    state.ok();
  }
  CHECK(log.take().size() == 8);
}

} // namespace sfa::common_logged_state_test
