// xen.so: virtual machines of Xen.

#include "vms/xen/xen_source.hpp"

HSFLOWD_VM_MODULE(sfa::make_xen_source);
