// The dsIndex of each virtual machine. A VM keeps it across restarts of the agent and of the VM, and when it
// migrates away and comes back.
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

  // The index of a VM. A new VM gets a free index that depends on its UUID, so that most VMs get the same
  // index even without the state file. If none is free, VMs that are not `running` lose theirs. nullopt if
  // all are in use.
  [[nodiscard]] std::optional<std::uint32_t> index_of(const Uuid& vm, const std::set<Uuid>& running);

  // The state file: a line "INDEX UUID" for each VM.
  [[nodiscard]] std::string format() const;
  // An Error with the line number if a line has another form, if an index is out of range, or if a VM or an
  // index appears twice.
  [[nodiscard]] static Result<VmTable> parse(std::string_view text);

  bool operator==(const VmTable&) const = default;

private:
  std::map<Uuid, std::uint32_t> index_by_vm_;
  std::map<std::uint32_t, Uuid> vm_by_index_;
};

} // namespace sfa::guests
