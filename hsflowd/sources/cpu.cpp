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

Result<void> take_cpu_times(CpuStat& stat, std::string_view numbers) {
  // The order of the columns is the kernel's interface; later kernels only ever added some at the end.
  constexpr std::array kColumns{&CpuStat::user,   &CpuStat::nice,      &CpuStat::system,  &CpuStat::idle,
                                &CpuStat::iowait, &CpuStat::irq,       &CpuStat::softirq, &CpuStat::steal,
                                &CpuStat::guest,  &CpuStat::guest_nice};
  const auto words = split(numbers);
  for (std::size_t i = 0; i < std::min(kColumns.size(), words.size()); ++i) {
    stat.*kColumns[i] = parse_number<std::uint64_t>(words[i]);
    if (!(stat.*kColumns[i])) {
      return failure("cpu: '{}' is not a number of ticks", printable(words[i]));
    }
  }
  return {};
}

// "intr" has the total first, then a number for each interrupt.
Result<void> take_first_number(std::optional<std::uint64_t>& value, std::string_view name,
                               std::string_view numbers) {
  value = parse_number<std::uint64_t>(take_word(numbers));
  return value ? Result<void>{} : failure("{}: no number follows", name);
}

bool is_one_cpu(std::string_view name) {
  return name.starts_with("cpu") && parse_number<std::uint32_t>(name.substr(3)).has_value();
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
  void fill_times(sflow::HostCpu& block, const CpuStat& stat);

  std::uint64_t user_hz_ = static_cast<std::uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  std::uint64_t highest_idle_ = 0;
  std::uint64_t highest_iowait_ = 0;
};

void CpuSource::fill_times(sflow::HostCpu& block, const CpuStat& stat) {
  const auto ms = [this](const std::optional<std::uint64_t>& ticks) {
    return ticks ? ticks_to_ms(*ticks, user_hz_) : sflow::kUnknown32;
  };
  // These two go back a little at times (proc(5) says so of iowait); a counter on the wire must not.
  highest_idle_ = std::max(highest_idle_, stat.idle.value_or(0));
  highest_iowait_ = std::max(highest_iowait_, stat.iowait.value_or(0));

  block.cpu_user = ms(stat.user);
  block.cpu_nice = ms(stat.nice);
  block.cpu_system = ms(stat.system);
  block.cpu_idle = stat.idle ? ms(highest_idle_) : sflow::kUnknown32;
  block.cpu_wio = stat.iowait ? ms(highest_iowait_) : sflow::kUnknown32;
  block.cpu_intr = ms(stat.irq);
  block.cpu_sintr = ms(stat.softirq);
  block.interrupts = sflow::counter32(stat.interrupts);
  block.contexts = sflow::counter32(stat.context_switches);
  block.cpu_steal = ms(stat.steal);
  block.cpu_guest = ms(stat.guest);
  block.cpu_guest_nice = ms(stat.guest_nice);
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
  block.cpu_num = (*stat)->cpus;
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
      taken = take_cpu_times(stat, rest);
    } else if (name == "intr") {
      taken = take_first_number(stat.interrupts, name, rest);
    } else if (name == "ctxt") {
      taken = take_first_number(stat.context_switches, name, rest);
    } else if (is_one_cpu(name)) {
      ++stat.cpus;
    }
    if (!taken) {
      return error_of(taken);
    }
  }
  if (!stat.user) {
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
