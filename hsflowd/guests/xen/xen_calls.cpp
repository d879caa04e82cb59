// Connects a XenSource to the real hypervisor and the real xenstored.

#include "common/handle.hpp"
#include "guests/xen/xen_source.hpp"
#include "guests/xen/xenstore.hpp"

#include <algorithm>
#include <array>
#include <sys/utsname.h>

extern "C" {
#include <xenctrl.h>
}

namespace sfa::guests {

namespace {

// Without this libxenctrl prints to stderr.
xentoollog_logger* silence() {
  static xentoollog_logger logger{
      .vmessage = [](xentoollog_logger*, xentoollog_level, int, const char*, const char*, va_list) {},
      .progress = [](xentoollog_logger*, const char*, const char*, int, unsigned long, unsigned long) {},
      .destroy = [](xentoollog_logger*) {}};
  return &logger;
}

XenDomain from(const xc_domaininfo_t& info) {
  const auto has = [&](std::uint32_t flag) { return (info.flags & flag) != 0; };
  XenDomain domain{.id = info.domain,
                   .dying = has(XEN_DOMINF_dying),
                   .shut_down = has(XEN_DOMINF_shutdown),
                   .paused = has(XEN_DOMINF_paused),
                   .blocked = has(XEN_DOMINF_blocked),
                   .serves_xenstore = has(XEN_DOMINF_xs_domain),
                   .shut_down_reason = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask,
                   .cpu_time_ns = info.cpu_time,
                   .cpus = info.nr_online_vcpus,
                   .pages = info.tot_pages,
                   .max_pages = info.max_pages};
  static_assert(sizeof(info.handle) == sizeof(domain.uuid));
  std::copy(std::begin(info.handle), std::end(info.handle), domain.uuid.begin());
  return domain;
}

class Hypervisor {
public:
  [[nodiscard]] Result<std::vector<XenDomain>> domains() {
    if (const auto opened = open(); !opened) {
      return error_of(opened);
    }
    std::vector<XenDomain> result;
    std::array<xc_domaininfo_t, 128> part{};
    std::uint32_t first = 0;
    while (true) {
      const int count = xc_domain_getinfolist(handle_.get(), first, part.size(), part.data());
      if (count < 0) {
        return errno_failure("list Xen's domains");
      }
      std::transform(part.begin(), part.begin() + count, std::back_inserter(result), from);
      if (static_cast<std::size_t>(count) < part.size()) {
        return result;
      }
      first = part.back().domain + 1U;
    }
  }

  [[nodiscard]] Result<XenMachine> machine() {
    if (const auto opened = open(); !opened) {
      return error_of(opened);
    }
    xc_physinfo_t info{};
    if (xc_physinfo(handle_.get(), &info) != 0) {
      return errno_failure("read the size of the machine");
    }
    return XenMachine{
        .cpus = info.nr_cpus, .khz = info.cpu_khz, .pages = info.total_pages, .free_pages = info.free_pages};
  }

private:
  [[nodiscard]] Result<void> open() {
    if (!handle_) {
      handle_.reset(xc_interface_open(silence(), silence(), 0));
    }
    return handle_ ? Result<void>() : errno_failure("open the hypervisor");
  }

  Handle<xc_interface, xc_interface_close> handle_;
};

} // namespace

std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options) {
  auto hypervisor = std::make_shared<Hypervisor>();
  auto watch = std::make_shared<std::unique_ptr<DomainWatch>>();
  utsname host{};
  uname(&host);
  return make_xen_source(options,
                         {.domains = [hypervisor] { return hypervisor->domains(); },
                          .machine = [hypervisor] { return hypervisor->machine(); },
                          .xenstore =
                              [] {
                                const auto store = std::make_shared<XenStore>();
                                return XenStoreCalls{
                                    .read = [store](const std::string& path) { return store->read(path); },
                                    .list = [store](const std::string& path) { return store->list(path); }};
                              },
                          .watch =
                              [watch, changed = options.changed] {
                                if (!*watch || (*watch)->ended()) {
                                  *watch = std::make_unique<DomainWatch>(changed);
                                }
                              },
                          .machine_name = host.machine});
}

} // namespace sfa::guests
