#include "dnssd/dns_sd_copy.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sfa::dnssd_dns_sd_copy_test {

using namespace dnssd;

namespace {

const DnsSdCopy kCopy{
    .answer = {.name = "_sflow._udp.example.com",
               .services = {{10, 20, 6343, "c1.example.com"}, {20, 0, 65535, "c2.example.com"}},
               .texts = {"sampling=400", "quote\"=\\", "\x01=\x7f"},
               .authenticated = true},
    .answered_at = std::chrono::sys_seconds(std::chrono::seconds(1763892800))};

} // namespace

TEST_CASE("a saved answer is the same after reading") {
  CHECK(parse_dns_sd_copy(format_dns_sd_copy(kCopy)) == kCopy);
  const DnsSdCopy off{.answer = {.name = "n"}, .answered_at = {}};
  CHECK(parse_dns_sd_copy(format_dns_sd_copy(off)) == off);
}

TEST_CASE("a text that is not UTF-8 does not make the saved answer unusable") {
  DnsSdCopy copy = kCopy;
  copy.answer.texts = {"a=\xff\xfe", "b=1"};
  const auto read = parse_dns_sd_copy(format_dns_sd_copy(copy));
  REQUIRE(read);
  CHECK(read->answer.texts.at(1) == "b=1");
}

TEST_CASE("a saved answer that is truncated at any byte, or changed in its form, is an error") {
  const std::string text = format_dns_sd_copy(kCopy);
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(!parse_dns_sd_copy(text.substr(0, size)));
  }
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    return changed.replace(changed.find(from), from.size(), to);
  };
  CHECK(!parse_dns_sd_copy(with("6343", "71879")));
  CHECK(!parse_dns_sd_copy(with("6343", "\"6343\"")));
  CHECK(!parse_dns_sd_copy(with("\"version\": 1", "\"version\": 2")));
  CHECK(!parse_dns_sd_copy(with("true", "1")));
  CHECK(!parse_dns_sd_copy(text + text));
  for (const auto* time : {"-1", "-9223372036854775808", "9223372037", "9223372036854775807"}) {
    CHECK(!parse_dns_sd_copy(with("1763892800", time))); // no clock of this system can have said so
  }
  CHECK(parse_dns_sd_copy(with("1763892800", "9223372036")));
}

TEST_CASE("a saved answer is read from its file, and there is none without a file") {
  std::string directory = "/tmp/dns_sd_copy_test.XXXXXX";
  REQUIRE(mkdtemp(directory.data()) != nullptr);
  const std::filesystem::path file = directory + "/" + kDnsSdCopyName;
  CHECK(read_dns_sd_copy(file).value() == std::nullopt);
  std::ofstream(file) << format_dns_sd_copy(kCopy);
  CHECK(read_dns_sd_copy(file).value() == kCopy);
  std::filesystem::remove_all(directory);
}

} // namespace sfa::dnssd_dns_sd_copy_test
