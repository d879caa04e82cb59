// xen.so: virtual machines of Xen.

#include "guests/xen/xen_source.hpp"

HSFLOWD_VM_MODULE(sfa::guests::make_xen_source);
