// The counter structures of sFlow, each a plain struct with its format number, and its fields in the order
// and with the names of the specification. `fields` is the only list of them: encoding, decoding and JSON use
// it.
//
//   sFlow Version 5 (sflow_version_5.txt)             1, 2
//   sFlow LAG Counters Structure (sflow_lag.txt)      7
//   sFlow Optical Interface Structures (sflow_optics.txt) 10
//   sFlow OpenFlow Structures (sflow_openflow.txt)    1004, 1005
//   sFlow Host Structures (sflow_host.txt)            2000 - 2006, 2100 - 2104
//   sFlow Host TCP/IP Counters (sflow_host_ip.txt)    2007 - 2010
//   sFlow Application Structures (sflow_application.txt)  2203
//   Open vSwitch                                      2207
//
// `field` is called with a name and a reference, and for a string with its maximum length.
#pragma once

#include "sflow/counters_application.hpp"
#include "sflow/counters_host.hpp"
#include "sflow/counters_interface.hpp"
#include "sflow/counters_ip.hpp"
#include "sflow/counters_virtual.hpp"

#include <variant>

namespace sfa::sflow {

using CounterBlock = std::variant<IfCounters, EthernetCounters, LagPortStats, SfpCounters, OfPort, PortName,
                                  HostDescr, HostAdapters, HostParent, HostCpu, HostMemory, HostDiskIo,
                                  HostNetIo, Mib2Ip, Mib2Icmp, Mib2Tcp, Mib2Udp, VirtNode, VirtCpu,
                                  VirtMemory, VirtDiskIo, VirtNetIo, AppResources, OvsDpStats>;

} // namespace sfa::sflow
