// A simulated hypervisor and xenstored. tests/vm has the real ones.
#pragma once

#include "guests/xen/xen_source.hpp"
#include "host/fixture_host.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sfa::test {

using namespace guests;
using namespace sflow;

inline constexpr std::uint64_t kDiskSectors = 65536;
inline constexpr std::chrono::seconds kDeadline{10};

// A dom0 with two domains, as in tests/vm/xen_bed.py.
struct Dom0 {
  TemporaryHost host;
  std::vector<XenDomain> domains;
  using Keys = std::map<std::string, std::string>;
  Keys keys;
  bool live = false;
  std::shared_future<void> hang; // if valid, xenstored answers only when it is ready
  bool xenstored = true;
  // Long, so that a busy host does not make xenstored seem to hang.
  std::chrono::milliseconds patience = kDeadline;
  int connections = 0;
  std::shared_ptr<std::map<std::string, int>> errors = // of keys, as errno(3)
      std::make_shared<std::map<std::string, int>>();
  // To xenstored, about back ends of disks. A call that hung may still ask.
  std::shared_ptr<std::atomic<int>> questions = std::make_shared<std::atomic<int>>(0);

  Dom0() {
    add_domain(0, 0);
    add_domain(1, 0xa1);
    add_domain(2, 0xb2);
    write_net_dev("vif1.0: 100 1 2 3 0 0 0 0 2000 20 4 5 0 0 0 0\n"
                  "vif2.0: 7 7 0 0 0 0 0 0 70 7 0 0 0 0 0 0\n"
                  "vif2.1: 8 8 0 0 0 0 0 0 80 8 0 0 0 0 0 0\n");
    add_vif(1, 0, 6, "00:16:3e:00:00:11");
    add_vif(2, 0, 7, "00:16:3e:00:00:12");
    add_vif(2, 1, 8, "00:16:3e:00:00:22");
    add_vbd(1, "51712", "7:0", 139, 16344, 34, 2240);
    host.write("sys/dev/block/7:0/size", std::to_string(kDiskSectors) + "\n");
    keys["/local/domain/1/name"] = "vm1";
    keys["/local/domain/2/name"] = "vm2";
    keys["/vm/a1000000-0000-0000-0000-000000000000/image/ostype"] = "linux";
    keys["/vm/b2000000-0000-0000-0000-000000000000/image/ostype"] = "hvm";
  }

  void add_domain(std::uint32_t id, std::uint8_t uuid) {
    domains.push_back({.id = id,
                       .uuid = {uuid},
                       .cpu_time_ns = 5'000'000'000,
                       .cpus = 1,
                       .pages = 24576,
                       .max_pages = 24832});
  }
  void add_vif(int domain, int vif, int if_index, const std::string& mac) {
    const auto name = fmt::format("vif{}.{}", domain, vif);
    host.write(fmt::format("sys/bus/xen-backend/devices/vif-{}-{}/net/{}/x", domain, vif, name), "");
    host.write(fmt::format("sys/class/net/{}/ifindex", name), std::to_string(if_index) + "\n");
    keys[fmt::format("/local/domain/0/backend/vif/{}/{}/mac", domain, vif)] = mac;
  }
  void add_vbd(int domain, const std::string& vbd, const std::string& device, int rd_req, int rd_sect,
               int wr_req, int wr_sect) const {
    const auto directory = fmt::format("sys/bus/xen-backend/devices/vbd-{}-{}", domain, vbd);
    host.write(directory + "/physical_device", device + "\n");
    host.write(directory + "/statistics/rd_req", std::to_string(rd_req));
    host.write(directory + "/statistics/rd_sect", std::to_string(rd_sect));
    host.write(directory + "/statistics/wr_req", std::to_string(wr_req));
    host.write(directory + "/statistics/wr_sect", std::to_string(wr_sect));
  }
  void write_net_dev(const std::string& devices) const {
    host.write("proc/net/dev",
               "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
               "fifo colls carrier compressed\n" +
                   devices);
  }

  // A back end of tapdisk in xenstore. Empty values are no keys.
  void add_vbd3(int domain, int device, const std::string& pid, const std::string& sectors) {
    const auto directory = fmt::format("/local/domain/0/backend/vbd3/{}/{}", domain, device);
    keys[directory + "/frontend-id"] = std::to_string(domain);
    for (const auto& [key, value] : {std::pair{"kthread-pid", pid}, {"sectors", sectors}}) {
      if (!value.empty()) {
        keys[directory + "/" + key] = value;
      }
    }
  }

  // A connection has the keys of the time when it was made, unless `live`.
  [[nodiscard]] XenStoreCalls connect() {
    ++connections;
    const auto ready = [hang = hang, up = xenstored, now = live ? &xenstored : nullptr]() -> Result<void> {
      if (hang.valid()) {
        hang.wait();
      }
      return up && (now == nullptr || *now) ? Result<void>() : failure("xenstored: gone");
    };
    const auto current =
        live ? std::shared_ptr<const Keys>(&keys, [](const Keys*) {}) : std::make_shared<const Keys>(keys);
    return {.read = [ready, current,
                     errors = errors](const std::string& path) -> Result<std::optional<std::string>> {
              if (const auto answers = ready(); !answers) {
                return error_of(answers);
              }
              if (const auto error = errors->find(path); error != errors->end()) {
                errno = error->second;
                return errno_failure("xenstored: " + path);
              }
              const auto found = current->find(path);
              return found == current->end() ? std::nullopt : std::optional(found->second);
            },
            .list = [ready, current,
                     questions = questions](const std::string& path) -> Result<std::vector<std::string>> {
              ++*questions;
              if (const auto answers = ready(); !answers) {
                return error_of(answers);
              }
              std::set<std::string> names;
              for (const auto& [key, value] : *current) {
                if (key.starts_with(path + "/")) {
                  const auto below = key.substr(path.size() + 1);
                  names.insert(below.substr(0, below.find('/')));
                }
              }
              return std::vector<std::string>(names.begin(), names.end());
            }};
  }

  std::unique_ptr<VmSource> source(VmSourceOptions options = {}) {
    options.root = host.root();
    return make_xen_source(options,
                           {.domains = [this]() -> Result<std::vector<XenDomain>> { return domains; },
                            .machine = []() -> Result<XenMachine> { return XenMachine{}; },
                            .xenstore = [this] { return connect(); },
                            .watch = {},
                            .machine_name = "x86_64",
                            .patience = patience});
  }
};

inline std::vector<VmReading> read_all(VmSource& source) {
  return value_of(source.read(value_of(source.list()).vms));
}

} // namespace sfa::test
