// libvirt.so: virtual machines of QEMU and KVM, through libvirt.

#include "guests/libvirt/libvirt_source.hpp"

HSFLOWD_VM_MODULE(sfa::guests::make_libvirt_source);
