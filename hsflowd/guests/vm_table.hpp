// Which dsIndex a virtual machine has. It is the VM's for good: across restarts of the agent and of the VM,
// and when the VM migrates away and comes back.
#pragma once

#include "common/result.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace sfa::guests {

class VmTable {
public:
  // sFlow's list of dsIndex ranges (sflow.org/developers/dsindexnumbers.php): virtual machines of an agent.
  static constexpr std::uint32_t kFirst = 100000;
  static constexpr std::uint32_t kLast = 149999;

  // The index of a VM; a new one gets a free index that depends on its UUID, so that even without the state
  // file most VMs have the same index again. When none is free, VMs that are not among `running` lose theirs.
  // Nothing: all are in use.
  [[nodiscard]] std::optional<std::uint32_t> index_of(const Uuid& vm, const std::set<Uuid>& running);

  // The state file: a line "INDEX UUID" for each VM.
  [[nodiscard]] std::string format() const;
  // A line that is not of that form, an index out of range, or a VM or an index given twice is an Error that
  // says which line.
  [[nodiscard]] static Result<VmTable> parse(std::string_view text);

  bool operator==(const VmTable&) const = default;

private:
  std::map<Uuid, std::uint32_t> index_by_vm_;
  std::map<std::uint32_t, Uuid> vm_by_index_;
};

} // namespace sfa::guests
