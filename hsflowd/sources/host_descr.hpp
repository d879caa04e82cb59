// host_descr: who this host is. Everything in it comes from uname(2) and find_host_uuid().
#pragma once

#include "host/host_identity.hpp"
#include "sources/counter_source.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace sfa::sources {

// The specification's machine_type for uname(2)'s machine; 0 for one that it has no number for.
[[nodiscard]] std::uint32_t machine_type(std::string_view machine);

// Names longer than the structure takes are cut.
[[nodiscard]] sflow::HostDescr describe_host(const host::HostIdentity& identity);

[[nodiscard]] std::unique_ptr<CounterSource> make_host_descr_source(const host::HostIdentity& identity);

} // namespace sfa::sources
