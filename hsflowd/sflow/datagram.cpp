#include "sflow/datagram.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace sfa::sflow {

namespace {

using Record = std::vector<std::uint8_t>;

constexpr std::size_t kSampleOverhead =
    6UL * 4; // tag, length, sequence number, class, index, number of records

std::string_view name_of(const CounterBlock& block) {
  return std::visit([](const auto& body) { return std::decay_t<decltype(body)>::kName; }, block);
}

std::size_t header_size(const AgentIdentity& agent) {
  return 6UL * 4 + agent.address.bytes().size();
}

// Collects samples, and closes a datagram when the next sample would not fit.
class Packer {
public:
  Packer(const AgentIdentity& agent, std::size_t max_bytes, std::chrono::milliseconds uptime,
         SequenceNumbers& numbers)
      : agent_(agent), max_bytes_(max_bytes), uptime_(uptime), numbers_(numbers) {}

  void add(const CounterSample& sample) {
    std::vector<Record> records;
    std::size_t size = kSampleOverhead;
    for (const auto& block : sample.blocks) {
      Record record = encode_record(block);
      if (kSampleOverhead + record.size() > room()) {
        packed_.too_large.push_back({sample.source, std::string(name_of(block))});
        continue;
      }
      if (size + record.size() > room()) {
        add_sample(sample.source, std::exchange(records, {}));
        size = kSampleOverhead;
      }
      size += record.size();
      records.push_back(std::move(record));
    }
    if (!records.empty()) {
      add_sample(sample.source, records);
    }
  }

  Packed finish() {
    close_datagram();
    return std::move(packed_);
  }

private:
  [[nodiscard]] std::size_t room() const { return max_bytes_ - header_size(agent_); }

  void add_sample(DataSource source, std::span<const Record> records) {
    auto bytes = encode_counter_sample(source, ++numbers_.sample[source], records);
    if (body_size_ + bytes.size() > room()) {
      close_datagram();
    }
    body_size_ += bytes.size();
    samples_.push_back(std::move(bytes));
  }

  void close_datagram() {
    if (samples_.empty()) {
      return;
    }
    constexpr std::uint32_t kVersion = 5;
    constexpr std::uint32_t kAddressV4 = 1;
    constexpr std::uint32_t kAddressV6 = 2;
    XdrWriter out;
    out.u32(kVersion);
    out.u32(agent_.address.is_v4() ? kAddressV4 : kAddressV6);
    out.fixed(agent_.address.bytes());
    out.u32(agent_.sub_agent_id);
    out.u32(++numbers_.datagram);
    out.u32(static_cast<std::uint32_t>(uptime_.count())); // modulo 2^32 ms: it wraps after 49 days
    out.u32(static_cast<std::uint32_t>(samples_.size()));
    for (const auto& sample : samples_) {
      out.fixed(sample);
    }
    packed_.datagrams.push_back(out.take());
    samples_.clear();
    body_size_ = 0;
  }

  const AgentIdentity& agent_;
  std::size_t max_bytes_;
  std::chrono::milliseconds uptime_;
  SequenceNumbers& numbers_;
  std::vector<std::vector<std::uint8_t>> samples_;
  std::size_t body_size_ = 0;
  Packed packed_;
};

} // namespace

Packed pack(const AgentIdentity& agent, std::span<const CounterSample> samples, std::size_t max_bytes,
            std::chrono::milliseconds uptime, SequenceNumbers& numbers) {
  Packer packer(agent, max_bytes, uptime, numbers);
  for (const auto& sample : samples) {
    packer.add(sample);
  }
  return packer.finish();
}

} // namespace sfa::sflow
