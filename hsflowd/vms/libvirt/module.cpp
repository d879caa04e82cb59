// libvirt.so: virtual machines of libvirt, which are QEMU's with KVM.

#include "vms/libvirt/libvirt_source.hpp"

HSFLOWD_VM_MODULE(sfa::make_libvirt_source);
