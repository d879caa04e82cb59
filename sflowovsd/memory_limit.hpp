// What to do when a database is larger than those of Open vSwitch: its library keeps whatever the server
// sends.
#pragma once

#include "sflowovsd/ports_session.hpp"

#include <string>

namespace sfa::sflowovsd {

// To be called in each turn. Drops the ports when much memory is in use, because sFlow does not need them.
// Without them, throws at a higher limit: before the unit's MemoryMax= would end the daemon without a word.
void limit_memory(PortsSession& ports, const std::string& database);

} // namespace sfa::sflowovsd
