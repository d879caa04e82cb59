// Any bytes as the answers of a DNS server to SRV and TXT, and what follows from what is understood. The
// input: the size of the first answer in two bytes, the first answer, the second.

#include "config/options.hpp"
#include "dnssd/dns_sd_copy.hpp"
#include "dnssd/dns_sd_merge.hpp"
#include "dnssd/dns_zone.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool fits_one_line(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// What goes into force is what a configuration file could have said.
void check_config(const sfa::config::Config& config) {
  for (const auto& collector : config.collectors) {
    check(sfa::config::parse_value(sfa::config::find_option("collector", "ip")->option->type, collector.host)
              .has_value());
    check(collector.port != 0);
  }
  for (const auto& option : sfa::config::all_options()) {
    if (option.in_dns_txt()) {
      for (const auto& [name, value] : option.access.get(config, 0)) {
        check(sfa::config::parse_value(option.type, sfa::config::format_value(value)) == value);
      }
    }
  }
}

void check_answer(const sfa::dnssd::DnsSdAnswer& answer) {
  check(answer.services.size() <= sfa::dnssd::kMaxServices && answer.texts.size() <= sfa::dnssd::kMaxTexts);
  const auto merged = sfa::dnssd::merge_dns_sd({}, {}, answer);
  check_config(merged.config);
  check(merged.config.collectors.empty() == answer.services.empty()); // only what says so is off
  for (const auto& problem : merged.problems) {
    check(fits_one_line(problem.to_string()));
  }
  // Texts that are not UTF-8 change once on the way to disk, and no more.
  const auto kept =
      sfa::dnssd::parse_dns_sd_copy(sfa::dnssd::format_dns_sd_copy({.answer = answer, .answered_at = {}}));
  check(kept.has_value() && kept->answer.services == answer.services);
  check(sfa::dnssd::parse_dns_sd_copy(sfa::dnssd::format_dns_sd_copy(*kept)) == kept);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::span<const std::uint8_t> bytes(data + 2, size - 2);
  const std::size_t first = std::min(bytes.size(), static_cast<std::size_t>(data[0]) << 8U | data[1]);
  sfa::dnssd::ZoneAnswers answers;
  answers.name = "_sflow._udp.example.com";
  answers.srv = sfa::dns::parse_dns_message(bytes.first(first));
  answers.txt = sfa::dns::parse_dns_message(bytes.subspan(first));
  for (const bool require_ad : {false, true}) {
    const auto result = sfa::dnssd::evaluate(answers.name, answers.srv, answers.txt, require_ad);
    if (result.kind == sfa::dnssd::DnsSdResult::Kind::answer) {
      check_answer(result.answer);
    }
  }
  for (const auto& target : sfa::dnssd::zone_targets(answers)) {
    answers.targets[target] = {.a = answers.srv, .aaaa = answers.txt};
  }
  const auto report = sfa::dnssd::check_zone(answers, {});
  check(std::ranges::all_of(report.text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  return 0;
}
