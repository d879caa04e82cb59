#include "sflowovsd/fake_bridges.hpp"

#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <utility>

namespace sfa::sflowovsd {

void FakeBridges::destroy(ovsdb_idl* idl) {
  ovsdb_idl_destroy(idl);
}

FakeBridges::FakeBridges(const std::string& remote)
    : idl_(ovsdb_idl_create(remote.c_str(), &ovsrec_idl_class, false, true)) {
  for (const auto* column : {&ovsrec_bridge_col_name, &ovsrec_bridge_col_ports, &ovsrec_port_col_name,
                             &ovsrec_port_col_fake_bridge, &ovsrec_port_col_tag}) {
    ovsdb_idl_add_column(idl_.get(), column);
  }
  ovsdb_idl_condition fake{};
  ovsdb_idl_condition_init(&fake);
  ovsrec_port_add_clause_fake_bridge(&fake, OVSDB_F_EQ, true);
  ovsrec_port_set_condition(idl_.get(), &fake);
  ovsdb_idl_condition_destroy(&fake);
}

bool FakeBridges::run() {
  ovsdb_idl_run(idl_.get());
  const unsigned seqno = ovsdb_idl_get_seqno(idl_.get());
  if (!ovsdb_idl_has_ever_connected(idl_.get()) || seqno_ == seqno) {
    return false;
  }
  const auto before = std::exchange(list_, read());
  return !std::exchange(seqno_, seqno) || list_ != before;
}

std::vector<FakeBridge> FakeBridges::read() const {
  std::vector<FakeBridge> result;
  const ovsrec_bridge* bridge = nullptr;
  OVSREC_BRIDGE_FOR_EACH(bridge, idl_.get()) {
    for (std::size_t i = 0; i < bridge->n_ports; ++i) { // of the replica: the fake ones
      const ovsrec_port& port = *bridge->ports[i];
      if (port.fake_bridge && port.n_tag > 0) {
        result.push_back({port.name, bridge->name, *port.tag});
      }
    }
  }
  std::ranges::sort(result, {}, &FakeBridge::name);
  return result;
}

void FakeBridges::wait() {
  ovsdb_idl_wait(idl_.get());
}

} // namespace sfa::sflowovsd
