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

TEST_CASE("a state that changes all the time is logged three times, and the log ends with a recovery if the "
          "state does") {
  LogLines log;
  LoggedState state("disk");
  for (int i = 0; i < 1000; ++i) {
    state.failed(Error{"full"});
    state.ok();
  }
  CHECK(log.take() == Lines{"disk: full", "disk: recovered", "disk: full", "disk: recovered", "disk: full",
                            "disk: recovered"});
}

TEST_CASE("a failure with a new text at each call is logged three times, and its recovery once") {
  LogLines log;
  LoggedState state("disk");
  for (int i = 0; i < 1000; ++i) {
    state.failed(Error{std::to_string(i)});
  }
  CHECK(state.failure_text() == "999");
  state.ok();
  CHECK(log.take() == Lines{"disk: 0", "disk: 1", "disk: 2", "disk: recovered"});
}

} // namespace sfa::common_logged_state_test
