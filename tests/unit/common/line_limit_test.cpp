#include "common/line_limit.hpp"

#include <catch2/catch.hpp>

namespace sfa::common_line_limit_test {

using namespace std::chrono_literals;

namespace {

// The lines admitted of those that come every `step` for `duration`.
int admitted(LineLimit& limit, LineLimit::Time begin, std::chrono::milliseconds step,
             std::chrono::seconds duration) {
  int count = 0;
  for (auto now = begin; now < begin + duration; now += step) {
    count += limit.admits(now) ? 1 : 0;
  }
  return count;
}

} // namespace

TEST_CASE("of lines that come all the time, some are logged at once and then one in each interval") {
  LineLimit limit(3, 20s);
  const LineLimit::Time begin{};
  CHECK(admitted(limit, begin, 1ms, 1s) == 3);
  CHECK(admitted(limit, begin + 1s, 100ms, 599s) == 29);
}

TEST_CASE("rare lines are all logged, and a quiet time does not save up for more than the first burst") {
  LineLimit limit(3, 20s);
  const LineLimit::Time begin{};
  CHECK(admitted(limit, begin, 20s, 1h) == 180);
  CHECK(admitted(limit, begin + 24h, 1ms, 1s) == 3);
}

} // namespace sfa::common_line_limit_test
