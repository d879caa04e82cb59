// Modules that hsflowd can load and modules that it must refuse, for vm_module_test.cpp; and two that hang,
// one of them for vms_test.py.
#include "guests/vm_source.hpp"

#include <cstdlib>
#include <future>
#include <vector>

namespace {

class OneVm final : public sfa::guests::VmSource {
public:
  [[nodiscard]] sfa::Result<sfa::guests::VmList> list() override {
    return sfa::guests::VmList{.vms = {sfa::Uuid{7}}};
  }
  [[nodiscard]] sfa::Result<std::vector<sfa::guests::VmReading>> read(std::span<const sfa::Uuid>) override {
    return std::vector{sfa::guests::VmReading{.uuid = {7}, .name = "seven"}};
  }
  [[nodiscard]] sfa::Result<sfa::sflow::VirtNode> node() override { return sfa::sflow::VirtNode{.cpus = 4}; }
};

[[maybe_unused]] std::unique_ptr<sfa::guests::VmSource> make(const sfa::guests::VmSourceOptions&) {
  return std::make_unique<OneVm>();
}

#if defined(HANGING)
// As a library has that a thread still uses when the process ends.
struct Static {
  ~Static() { std::abort(); }
} in_use;
#endif

#if defined(HANGING) || defined(SILENT)
class NoAnswer final : public sfa::guests::VmSource {
public:
  [[nodiscard]] sfa::Result<sfa::guests::VmList> list() override {
    std::promise<void> never;
    never.get_future().wait();
    return {};
  }
  [[nodiscard]] sfa::Result<std::vector<sfa::guests::VmReading>> read(std::span<const sfa::Uuid>) override {
    return {};
  }
  [[nodiscard]] sfa::Result<sfa::sflow::VirtNode> node() override { return {}; }
};

std::unique_ptr<sfa::guests::VmSource> make_hanging(const sfa::guests::VmSourceOptions&) {
  return std::make_unique<NoAnswer>();
}
#endif

} // namespace

#if defined(FITTING)
HSFLOWD_VM_MODULE(make);
#elif defined(HANGING) || defined(SILENT)
HSFLOWD_VM_MODULE(make_hanging);
#elif defined(OLDER)
extern "C" const sfa::guests::VmModule hsflowd_vm_module{sfa::guests::kVmInterface, "0.0.1", make};
#elif defined(OTHER_INTERFACE)
// With another interface number, the other fields must not be read.
extern "C" const sfa::guests::VmModule hsflowd_vm_module{0, nullptr, nullptr};
#elif defined(FOREIGN)
extern "C" const int something_else = 1;
#endif
