// What the benchmark of virtual machines compares with: a poll of all domains by one call for each counter,
// as agents do that know no bulk call. Prints the milliseconds that each poll took.
//
//   libvirt_calls URI POLLS SECONDS_BETWEEN
#include "common/handle.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pugixml.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Text = sfa::Handle<char, std::free>;

struct Devices {
  virDomainPtr domain;
  std::vector<std::string> disks;
  std::vector<std::string> nics;
};

Devices devices_of(virDomainPtr domain) {
  Devices result{.domain = domain, .disks = {}, .nics = {}};
  const Text text(virDomainGetXMLDesc(domain, 0));
  pugi::xml_document document;
  document.load_string(text.get());
  const auto devices = document.child("domain").child("devices");
  for (const auto& disk : devices.children("disk")) {
    result.disks.emplace_back(disk.child("target").attribute("dev").value());
  }
  for (const auto& nic : devices.children("interface")) {
    result.nics.emplace_back(nic.child("target").attribute("dev").value());
  }
  return result;
}

void poll(const Devices& devices) {
  virDomainInfo info{};
  virDomainGetInfo(devices.domain, &info);
  std::array<virDomainMemoryStatStruct, VIR_DOMAIN_MEMORY_STAT_NR> memory{};
  virDomainMemoryStats(devices.domain, memory.data(), memory.size(), 0);
  for (const auto& disk : devices.disks) {
    virDomainBlockStatsStruct stats{};
    virDomainBlockStats(devices.domain, disk.c_str(), &stats, sizeof stats);
    virDomainBlockInfo sizes{};
    virDomainGetBlockInfo(devices.domain, disk.c_str(), &sizes, 0);
  }
  for (const auto& nic : devices.nics) {
    virDomainInterfaceStatsStruct stats{};
    virDomainInterfaceStats(devices.domain, nic.c_str(), &stats, sizeof stats);
  }
}

} // namespace

int main(int argc, char** argv) {
  const std::span args(argv, static_cast<std::size_t>(argc));
  if (args.size() != 4) {
    std::fputs("usage: libvirt_calls URI POLLS SECONDS_BETWEEN\n", stderr);
    return 2;
  }
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  const sfa::Handle<virConnect, virConnectClose> connection(virConnectOpenReadOnly(args[1]));
  virDomainPtr* list = nullptr;
  const int count =
      connection ? virConnectListAllDomains(connection.get(), &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE) : -1;
  if (count < 0) {
    std::fprintf(stderr, "libvirt_calls: %s\n", virGetLastErrorMessage());
    return 1;
  }
  std::vector<Devices> domains;
  for (auto* domain : std::span(list, static_cast<std::size_t>(count))) {
    domains.push_back(devices_of(domain));
  }
  for (int i = 0; i < std::atoi(args[2]); ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(std::atoi(args[3])));
    const auto begin = Clock::now();
    for (const auto& domain : domains) {
      poll(domain);
    }
    std::printf("%.3f\n", std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  for (const auto& domain : domains) {
    virDomainFree(domain.domain);
  }
  std::free(list);
}
