#include "common/privileges.hpp"
#include "directory_for_all.hpp"

#include <catch2/catch.hpp>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa::privileges_test {

namespace {

using Directory = test::DirectoryForAll;

// In the /etc/passwd and /etc/group of every Debian.
const User kNobody{.name = "nobody", .uid = 65534, .gid = 65534};

template <class T>
std::string refusal(const Result<T>& result) {
  REQUIRE(!result);
  return result.error().message;
}

struct stat about(const std::string& path) {
  struct stat found {};
  REQUIRE(lstat(path.c_str(), &found) == 0);
  return found;
}

bool without_root() {
  if (geteuid() == 0) {
    return false;
  }
  WARN("needs root, to give directories to another user");
  return true;
}

} // namespace

TEST_CASE("a user is found by name, with its own group or with another one") {
  const auto nobody = find_user("nobody");
  REQUIRE(nobody);
  CHECK(nobody->name == "nobody");
  CHECK(nobody->uid == kNobody.uid);
  CHECK(nobody->gid == kNobody.gid);
  const auto with_group = find_user("nobody:daemon");
  REQUIRE(with_group);
  CHECK(with_group->uid == kNobody.uid);
  CHECK(with_group->gid == 1);
}

TEST_CASE("an unknown user or group is an error, and so is root") {
  CHECK(refusal(find_user("no-such-user")) == "there is no user `no-such-user`");
  CHECK(refusal(find_user("nobody:no-such-group")) == "there is no group `no-such-group`");
  CHECK(refusal(find_user("")) == "there is no user ``");
  CHECK(refusal(find_user("nobody:")) == "there is no group ``");
  CHECK(refusal(find_user("root")) == "`root` is root");
}

TEST_CASE("capabilities are named as in capabilities(7), with or without their prefix") {
  CHECK(parse_capabilities("CAP_DAC_OVERRIDE") == std::vector<unsigned>{CAP_DAC_OVERRIDE});
  CHECK(parse_capabilities("dac_override,cap_net_admin") ==
        std::vector<unsigned>{CAP_DAC_OVERRIDE, CAP_NET_ADMIN});
  CHECK(parse_capabilities("")->empty());
  CHECK(refusal(parse_capabilities("net_admin,,net_raw")) == "there is no capability ``");
  CHECK(refusal(parse_capabilities("CAP_FLY")) == "there is no capability `CAP_FLY`");
}

TEST_CASE("a missing directory is made for the user, readable for all, whatever the umask is") {
  if (without_root()) {
    return;
  }
  const Directory tmp;
  for (const auto& name : {tmp / "run", tmp / "slash/"}) {
    const mode_t before = umask(0077);
    const auto given = give_directory(name, kNobody);
    umask(before);
    REQUIRE(given);
    CHECK(about(name).st_uid == kNobody.uid);
    CHECK(about(name).st_gid == kNobody.gid);
    CHECK(about(name).st_mode == (S_IFDIR | 0755));
  }
  CHECK(refusal(give_directory(tmp / "missing/run", kNobody)) ==
        tmp / "missing/run: No such file or directory");
}

TEST_CASE("a directory of root becomes the user's, and one of the user stays as it is") {
  if (without_root()) {
    return;
  }
  const Directory tmp;
  REQUIRE(mkdir((tmp / "roots").c_str(), 0700) == 0);
  REQUIRE(give_directory(tmp / "roots", kNobody));
  CHECK(about(tmp / "roots").st_uid == kNobody.uid);
  CHECK(about(tmp / "roots").st_mode == (S_IFDIR | 0755));
  REQUIRE(chmod((tmp / "roots").c_str(), 0750) == 0);
  REQUIRE(give_directory(tmp / "roots", kNobody));
  CHECK(about(tmp / "roots").st_mode == (S_IFDIR | 0750));
}

TEST_CASE("a directory of a third user, or one that is not for a daemon alone, is not given away") {
  if (without_root()) {
    return;
  }
  const Directory tmp;
  REQUIRE(mkdir((tmp / "third").c_str(), 0755) == 0);
  REQUIRE(chown((tmp / "third").c_str(), test::kSomebody, test::kSomebody) == 0);
  CHECK(refusal(give_directory(tmp / "third", kNobody)) ==
        tmp / "third: belongs to another user (uid 12345), not to `nobody`");
  CHECK(about(tmp / "third").st_uid == test::kSomebody);

  constexpr auto* kShared =
      ": not given to `nobody`, because it has subdirectories or others may write to it";
  CHECK(refusal(give_directory(tmp.path, kNobody)) == tmp.path + kShared); // as /tmp
  REQUIRE(mkdir((tmp / "lib").c_str(), 0755) == 0);
  REQUIRE(mkdir((tmp / "lib/other").c_str(), 0755) == 0);
  CHECK(refusal(give_directory(tmp / "lib", kNobody)) == tmp / "lib" + kShared);
  CHECK(about(tmp / "lib").st_uid == 0);
}

TEST_CASE("no link is followed to a directory that is given away, except links of root on the way") {
  if (without_root()) {
    return;
  }
  const Directory tmp;
  REQUIRE(mkdir((tmp / "precious").c_str(), 0755) == 0);
  for (const uid_t owner : {uid_t{0}, test::kSomebody, kNobody.uid}) {
    const auto name = tmp / "link" + std::to_string(owner);
    test::make_link("precious", name, owner);
    CHECK(refusal(give_directory(name, kNobody)).find("is a symbolic link") != std::string::npos);
    CHECK(give_directory(name + "/run", kNobody).has_value() == (owner == 0));
  }
  CHECK(about(tmp / "precious").st_uid == 0);
  CHECK(about(tmp / "precious/run").st_uid == kNobody.uid);
}

TEST_CASE("what is no directory is not given away") {
  if (without_root()) {
    return;
  }
  const Directory tmp;
  REQUIRE(mkfifo((tmp / "fifo").c_str(), 0600) == 0);
  CHECK(refusal(give_directory(tmp / "fifo", kNobody)) == tmp / "fifo: Not a directory");
  CHECK(about(tmp / "fifo").st_uid == 0);
}

TEST_CASE("who already is the user changes nothing") {
  const User self{.name = "self", .uid = geteuid(), .gid = 12345};
  CHECK(become(self, {CAP_NET_ADMIN}, {"/no/such/directory"}));
  CHECK(getegid() != 12345);
}

} // namespace sfa::privileges_test
