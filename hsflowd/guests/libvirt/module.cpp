// libvirt.so: virtual machines of libvirt, which are QEMU's with KVM.

#include "guests/libvirt/libvirt_source.hpp"

HSFLOWD_VM_MODULE(sfa::guests::make_libvirt_source);
