// One guest that several backends know.
#pragma once

#include "guests/vm_source.hpp"

namespace sfa::guests {

// Adds to a reading what only another backend knows: its name, CPU, memory or disks if they are missing, and
// its NICs. No traffic counts twice:
// - A NIC with the same ifIndex or device is the same NIC.
// - A NIC with a known MAC is another place of the same traffic: a tap behind a bridge, and the switch port
//   of that bridge. It gets its adapter, and counters only if the known NIC has none, such as a virtual
//   function that was passed through.
// - Counters of a NIC without a MAC could be those of any known NIC, so they count only if there is none.
// - A reading with a problem may lack NICs, so no others count for it.
void fill_in(VmReading& reading, const VmReading& other);

} // namespace sfa::guests
