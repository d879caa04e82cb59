#include "sources/cpu.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unistd.h>

namespace sfa::sources {

namespace {

std::optional<float> parse_load(std::string_view word) {
  float load = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), load);
  const bool whole = error == std::errc{} && end == word.data() + word.size();
  return whole && std::isfinite(load) && load >= 0 ? std::optional(load) : std::nullopt;
}

// The number of columns that this kernel has.
Result<std::size_t> take_cpu_times(CpuTimes& times, std::string_view name, std::string_view numbers) {
  const auto words = split(numbers);
  const std::size_t columns = std::min(CpuTimes::kCounters.size(), words.size());
  for (std::size_t i = 0; i < columns; ++i) {
    const auto ticks = parse_number<std::uint64_t>(words[i]);
    if (!ticks) {
      return failure("{}: '{}' is not a number of ticks", printable(name), printable(words[i]));
    }
    times.*CpuTimes::kCounters[i].value = *ticks;
  }
  return columns;
}

// "intr" has the total first, then a number for each interrupt.
Result<void> take_first_number(std::optional<std::uint64_t>& value, std::string_view name,
                               std::string_view numbers) {
  value = parse_number<std::uint64_t>(take_word(numbers));
  return value ? Result<void>{} : failure("{}: no number follows", name);
}

// The number of "cpu7".
std::optional<std::uint32_t> number_of_cpu(std::string_view name) {
  return name.starts_with("cpu") ? parse_number<std::uint32_t>(name.substr(3)) : std::nullopt;
}

// "2596.138" on x86, "3425.000000MHz" on POWER.
std::uint32_t leading_mhz(std::string_view value) {
  const auto digits = value.substr(0, std::min(value.find_first_not_of("0123456789"), value.size()));
  return parse_number<std::uint32_t>(digits).value_or(0);
}

// The speed of the first CPU. On x86 the first lines have it, and the kernel need not format 2 kB for each
// CPU.
Result<std::uint32_t> read_cpu_mhz(const host::SysRoot& root) {
  const auto first_lines = root.first_lines("proc/cpuinfo");
  if (!first_lines) {
    return error_of(first_lines);
  }
  if (auto mhz = parse_cpu_mhz(first_lines->value_or("")); mhz != 0U) {
    return mhz;
  }
  return root.read("proc/cpuinfo").and_then([](const auto& text) {
    return parse_cpu_mhz(text.value_or(""));
  });
}

class CpuSource final : public CounterSource {
public:
  [[nodiscard]] std::string_view name() const override { return sflow::HostCpu::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override;

private:
  const CpuTimes& advance(const CpuStat& stat);
  void fill_times(sflow::HostCpu& block, const CpuStat& stat);

  std::uint64_t user_hz_ = static_cast<std::uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  std::optional<CpuTimes> total_;
  host::ContinuousCounter interrupts_, context_switches_;
  std::map<std::uint32_t, host::CounterReader<CpuTimes>> cpus_; // online at the last reading
};

// At the first reading nothing tells whether a value can be right, except that no CPU has run for 2^63 ticks.
CpuTimes possible(CpuTimes times) {
  for (const auto& counter : CpuTimes::kCounters) {
    if (times.*counter.value > std::numeric_limits<std::uint64_t>::max() / 2) {
      times.*counter.value = 0;
    }
  }
  return times;
}

// Begins with the kernel's sum, and then adds what each CPU has done. The kernel's sum loses the idle time of
// a CPU that goes offline, and one that comes back may have any.
const CpuTimes& CpuSource::advance(const CpuStat& stat) {
  const std::map<std::uint32_t, CpuTimes> one{{0, stat.all}};
  const auto& cpus = stat.cpus.empty() ? one : stat.cpus;
  if (!total_) {
    total_ = possible(stat.all);
  }
  std::erase_if(cpus_, [&](const auto& reader) { return !cpus.contains(reader.first); });
  for (const auto& [number, times] : cpus) {
    const auto [reader, is_new] = cpus_.try_emplace(number);
    if (is_new) {
      (void)reader->second.advance(possible(times));
    } else {
      host::add(*total_, reader->second.advance(times));
    }
  }
  return *total_;
}

void CpuSource::fill_times(sflow::HostCpu& block, const CpuStat& stat) {
  constexpr std::array kFields{&sflow::HostCpu::cpu_user,   &sflow::HostCpu::cpu_nice,
                               &sflow::HostCpu::cpu_system, &sflow::HostCpu::cpu_idle,
                               &sflow::HostCpu::cpu_wio,    &sflow::HostCpu::cpu_intr,
                               &sflow::HostCpu::cpu_sintr,  &sflow::HostCpu::cpu_steal,
                               &sflow::HostCpu::cpu_guest,  &sflow::HostCpu::cpu_guest_nice};
  const CpuTimes& total = advance(stat);
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    block.*kFields[i] =
        i < stat.columns ? ticks_to_ms(total.*CpuTimes::kCounters[i].value, user_hz_) : sflow::kUnknown32;
  }
  block.interrupts = sflow::counter32(interrupts_.advance(stat.interrupts));
  block.contexts = sflow::counter32(context_switches_.advance(stat.context_switches));
}

Result<std::optional<sflow::CounterBlock>> CpuSource::read(const host::SysRoot& root) {
  const auto stat = host::parse_file(root, "proc/stat", parse_stat);
  if (!stat) {
    return error_of(stat);
  }
  if (!*stat) {
    return std::nullopt;
  }
  const auto load = host::parse_file(root, "proc/loadavg", parse_loadavg);
  if (!load) {
    return error_of(load);
  }
  const auto uptime = host::parse_file(root, "proc/uptime", parse_uptime);
  if (!uptime) {
    return error_of(uptime);
  }
  const auto mhz = read_cpu_mhz(root);
  if (!mhz) {
    return error_of(mhz);
  }
  sflow::HostCpu block;
  const LoadAverage averages = load->value_or(LoadAverage{});
  block.load_one = averages.one;
  block.load_five = averages.five;
  block.load_fifteen = averages.fifteen;
  block.proc_run = averages.running > 0 ? averages.running - 1 : 0; // not ourselves, who are reading it
  block.proc_total = averages.total;
  block.cpu_num = static_cast<std::uint32_t>((*stat)->cpus.size());
  block.cpu_speed = *mhz;
  block.uptime = uptime->value_or(0);
  fill_times(block, **stat);
  return block;
}

} // namespace

Result<LoadAverage> parse_loadavg(std::string_view text) {
  const auto words = split(text);
  const std::size_t slash = words.size() > 3 ? words[3].find('/') : std::string_view::npos;
  if (slash == std::string_view::npos) {
    return failure("not three averages and RUNNING/TOTAL: '{}'", printable(text));
  }
  const auto one = parse_load(words[0]);
  const auto five = parse_load(words[1]);
  const auto fifteen = parse_load(words[2]);
  const auto running = parse_number<std::uint32_t>(words[3].substr(0, slash));
  const auto total = parse_number<std::uint32_t>(words[3].substr(slash + 1));
  if (!one || !five || !fifteen || !running || !total) {
    return failure("a field is not a number: '{}'", printable(text));
  }
  return LoadAverage{*one, *five, *fifteen, *running, *total};
}

Result<CpuStat> parse_stat(std::string_view text) {
  CpuStat stat;
  for (const auto line : lines(text)) {
    auto rest = line; // "intr 180473 38 9 0 ..."
    const auto name = take_word(rest);
    Result<void> taken;
    if (name == "cpu") {
      taken = take_cpu_times(stat.all, name, rest).map([&](std::size_t columns) { stat.columns = columns; });
    } else if (name == "intr") {
      taken = take_first_number(stat.interrupts, name, rest);
    } else if (name == "ctxt") {
      taken = take_first_number(stat.context_switches, name, rest);
    } else if (const auto number = number_of_cpu(name)) {
      taken = take_cpu_times(stat.cpus[*number], name, rest).map([](std::size_t) {});
    }
    if (!taken) {
      return error_of(taken);
    }
  }
  if (stat.columns == 0) {
    return failure("no line 'cpu'");
  }
  return stat;
}

Result<std::uint32_t> parse_uptime(std::string_view text) {
  const auto word = text.substr(0, std::min(text.find_first_of(" .\n"), text.size()));
  const auto seconds = parse_number<std::uint32_t>(word);
  if (!seconds) {
    return failure("'{}' is not a number of seconds", printable(text));
  }
  return *seconds;
}

Result<std::uint32_t> parse_cpu_mhz(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNames{"cpu MHz", "clock", "cpu MHz static"}; // x86, POWER, s390
  for (const auto line : lines(text)) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        std::ranges::find(kNames, trim(line.substr(0, colon))) != kNames.end()) {
      return leading_mhz(trim(line.substr(colon + 1)));
    }
  }
  return 0;
}

std::uint32_t ticks_to_ms(std::uint64_t ticks, std::uint64_t user_hz) {
  return static_cast<std::uint32_t>(ticks / user_hz * 1000 + ticks % user_hz * 1000 / user_hz);
}

std::unique_ptr<CounterSource> make_cpu_source() {
  return std::make_unique<CpuSource>();
}

} // namespace sfa::sources
