#include "commands/status.hpp"
#include "no_free_descriptor.hpp"
#include "status/status_server.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <vector>

namespace sfa::status_server_test {

using namespace commands;
using namespace status;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMoreThanASocketTakes = 8 << 20;

// A server in a directory of its own, and a loop that only the test turns.
struct Served {
  explicit Served(std::string text = "status\n") : document(std::move(text)) {
    REQUIRE(mkdtemp(directory.data()) != nullptr);
  }
  ~Served() {
    server.reset();
    std::filesystem::remove_all(directory);
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  Served(Served&&) = delete;
  Served& operator=(Served&&) = delete;

  [[nodiscard]] std::filesystem::path path() const { return std::filesystem::path(directory) / "socket"; }
  Result<void> open(std::chrono::milliseconds patience = 1h) {
    auto opened = StatusServer::open(
        loop, path(), [this] { return ++asked, document; }, patience);
    if (!opened) {
      return error_of(opened);
    }
    server = *std::move(opened);
    return {};
  }
  UniqueFd connect() {
    auto client = connect_to_status_server(path(), 1h);
    REQUIRE(client);
    return *std::move(client);
  }

  std::string directory = "/tmp/status_server_test.XXXXXX";
  std::string document;
  int asked = 0;
  EventLoop loop;
  std::unique_ptr<StatusServer> server;
};

// Adds what is there to read; true at the end of the document.
bool read_available(const UniqueFd& client, std::string& text) {
  std::string buffer(1 << 20, '\0');
  ssize_t got = 0;
  while ((got = recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return got == 0;
}

bool is_dropped(const UniqueFd& client) {
  std::string text;
  return read_available(client, text);
}

} // namespace

TEST_CASE("every client gets the document, then the end of the connection") {
  Served served;
  REQUIRE(served.open());
  for (int i = 1; i <= 3; ++i) {
    const UniqueFd client = served.connect();
    served.loop.run_pending();
    std::string text;
    CHECK(read_available(client, text));
    CHECK(text == "status\n");
    CHECK(served.asked == i);
    CHECK(served.server->clients() == 0);
  }
}

TEST_CASE("a client that reads gets the whole document, also if it is larger than the socket buffer") {
  Served served(std::string(kMoreThanASocketTakes, 'x') + "end");
  REQUIRE(served.open());
  const UniqueFd client = served.connect();
  std::string text;
  served.loop.run_pending();
  CHECK(served.server->clients() == 1);
  while (!read_available(client, text)) {
    REQUIRE(text.size() < served.document.size()); // else it is whole and the end does not come
    served.loop.run_pending();
  }
  CHECK(text == served.document);
  CHECK(served.server->clients() == 0);
}

TEST_CASE("a client that does not read is dropped after the timeout") {
  Served served(std::string(kMoreThanASocketTakes, 'x'));
  REQUIRE(served.open(20ms));
  const auto begin = std::chrono::steady_clock::now();
  const UniqueFd client = served.connect();
  Timer deadline = served.loop.timer([&] { served.loop.quit(); });
  deadline.arm_at(begin + 5s);
  Timer look = served.loop.timer([&] {
    if (served.asked == 1 && served.server->clients() == 0) { // was accepted, and dropped
      served.loop.quit();
    }
    look.arm_at(std::chrono::steady_clock::now() + 1ms);
  });
  look.arm_at(begin);
  served.loop.run();
  CHECK(served.server->clients() == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
  CHECK(is_dropped(client));
}

TEST_CASE("only the newest clients that do not read are kept, and they do not delay one that reads") {
  Served served(std::string(kMoreThanASocketTakes, 'x'));
  REQUIRE(served.open());
  std::vector<UniqueFd> idle;
  for (std::size_t i = 0; i < 3 * StatusServer::kMaxClients; ++i) {
    idle.push_back(served.connect());
    served.loop.run_pending();
  }
  CHECK(served.server->clients() == StatusServer::kMaxClients);
  CHECK(is_dropped(idle.front()));
  const UniqueFd client = served.connect();
  std::string text;
  served.loop.run_pending();
  while (!read_available(client, text)) {
    REQUIRE(text.size() < served.document.size());
    served.loop.run_pending();
  }
  CHECK(text.size() == served.document.size());
}

TEST_CASE("a client that disconnects is forgotten, and input from a client is not read") {
  Served served(std::string(kMoreThanASocketTakes, 'x'));
  REQUIRE(served.open());
  {
    const UniqueFd client = served.connect();
    REQUIRE(send(client.get(), "GET / HTTP/1.0\r\n\r\n", 18, 0) == 18);
    served.loop.run_pending();
    CHECK(served.server->clients() == 1);
  }
  served.loop.run_pending();
  CHECK(served.server->clients() == 0);
}

TEST_CASE("only the owner and the group may connect, whatever the umask") {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    Served served;
    const mode_t old = umask(mask);
    const auto opened = served.open();
    umask(old);
    REQUIRE(opened);
    struct stat about {};
    REQUIRE(stat(served.path().c_str(), &about) == 0);
    CHECK((about.st_mode & 07777) == 0660);
  }
}

TEST_CASE("the socket is removed at the end, and a socket left by a crash is replaced") {
  Served served;
  REQUIRE(served.open());
  const auto kept = served.path().native() + ".kept";
  REQUIRE(link(served.path().c_str(), kept.c_str()) == 0);
  served.server.reset();
  CHECK(!std::filesystem::exists(served.path()));
  std::filesystem::rename(kept, served.path()); // a name that nobody listens behind
  CHECK(!status_server_listens(served.path()));
  REQUIRE(served.open());
  const UniqueFd client = served.connect();
  served.loop.run_pending();
  std::string text;
  CHECK(read_available(client, text));
  CHECK(text == "status\n");
}

TEST_CASE("a file that is not a socket is not replaced") {
  Served served;
  std::ofstream(served.path()) << "precious";
  CHECK(served.open().error().message == served.path().native() + ": Address already in use");
  CHECK(std::filesystem::file_size(served.path()) == 8);
}

TEST_CASE("a path that is too long for a socket is a clear error") {
  EventLoop loop;
  const std::string path(200, 'p');
  const std::string message = path + ": too long for a socket, at most 107 bytes";
  CHECK(StatusServer::open(loop, path, [] { return ""; }).error().message == message);
  CHECK(connect_to_status_server(path, 1h).error().message == message);
}

TEST_CASE("a server with a full backlog is found, and clients wait for it") {
  Served served;
  REQUIRE(served.open());
  std::vector<UniqueFd> queue;
  auto client = connect_to_status_server(served.path(), 1ms);
  for (; client; client = connect_to_status_server(served.path(), 1ms)) {
    queue.push_back(*std::move(client));
  }
  CHECK(client.error().message == served.path().native() + ": busy with other clients");
  CHECK(status_server_listens(served.path()));
  auto answer = std::async(std::launch::async, [&] { return fetch_status(served.path(), 1h); });
  while (answer.wait_for(1ms) != std::future_status::ready) {
    served.loop.run_pending();
  }
  CHECK(answer.get().value() == "status\n");
}

TEST_CASE("the error about a daemon that does not run or answer names the path") {
  Served served;
  CHECK(fetch_status(served.path(), 1h).error().message ==
        served.path().native() + ": No such file or directory");
  REQUIRE(served.open());
  CHECK(fetch_status(served.path(), 20ms).error().message ==
        served.path().native() + ": no answer within 0.02 s");
}

#ifndef SANITIZER_NEEDS_DESCRIPTORS
TEST_CASE(
    "a server without a free descriptor does not spin, and serves the client that waits when there is one") {
  Served served;
  REQUIRE(served.open());
  const auto client = served.connect();
  pollfd ready{.fd = served.loop.fd(), .events = POLLIN, .revents = 0};
  {
    const test::NoFreeDescriptor none;
    served.loop.run_pending();
    CHECK(poll(&ready, 1, 0) == 0);
  }
  CHECK(served.asked == 0);
  REQUIRE(poll(&ready, 1, 20'000) == 1);
  served.loop.run_pending(); // accepts again
  served.loop.run_pending();
  CHECK(served.asked == 1);
}
#endif

} // namespace sfa::status_server_test
