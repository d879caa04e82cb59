// Counter structures of a host's IP stack.
#pragma once

#include "sflow/counter_types.hpp"

#include <cstdint>
#include <string_view>

namespace sfa::sflow {

// sFlow Host TCP/IP Counters, mib2_ip_group (RFC 1213, ip).
struct Mib2Ip {
  static constexpr std::uint32_t kFormat = 2007;
  static constexpr std::string_view kName = "mib2_ip_group";
  std::uint32_t ip_forwarding = 0; // 1 forwarding, 2 not
  std::uint32_t ip_default_ttl = 0;
  std::uint32_t ip_in_receives = kUnknown32;
  std::uint32_t ip_in_hdr_errors = kUnknown32;
  std::uint32_t ip_in_addr_errors = kUnknown32;
  std::uint32_t ip_forw_datagrams = kUnknown32;
  std::uint32_t ip_in_unknown_protos = kUnknown32;
  std::uint32_t ip_in_discards = kUnknown32;
  std::uint32_t ip_in_delivers = kUnknown32;
  std::uint32_t ip_out_requests = kUnknown32;
  std::uint32_t ip_out_discards = kUnknown32;
  std::uint32_t ip_out_no_routes = kUnknown32;
  std::uint32_t ip_reasm_timeout = 0; // s
  std::uint32_t ip_reasm_reqds = kUnknown32;
  std::uint32_t ip_reasm_oks = kUnknown32;
  std::uint32_t ip_reasm_fails = kUnknown32;
  std::uint32_t ip_frag_oks = kUnknown32;
  std::uint32_t ip_frag_fails = kUnknown32;
  std::uint32_t ip_frag_creates = kUnknown32;

  bool operator==(const Mib2Ip&) const = default;
  static void fields(auto& self, auto&& field) {
    field("ip_forwarding", self.ip_forwarding);
    field("ip_default_ttl", self.ip_default_ttl);
    field("ip_in_receives", self.ip_in_receives);
    field("ip_in_hdr_errors", self.ip_in_hdr_errors);
    field("ip_in_addr_errors", self.ip_in_addr_errors);
    field("ip_forw_datagrams", self.ip_forw_datagrams);
    field("ip_in_unknown_protos", self.ip_in_unknown_protos);
    field("ip_in_discards", self.ip_in_discards);
    field("ip_in_delivers", self.ip_in_delivers);
    field("ip_out_requests", self.ip_out_requests);
    field("ip_out_discards", self.ip_out_discards);
    field("ip_out_no_routes", self.ip_out_no_routes);
    field("ip_reasm_timeout", self.ip_reasm_timeout);
    field("ip_reasm_reqds", self.ip_reasm_reqds);
    field("ip_reasm_oks", self.ip_reasm_oks);
    field("ip_reasm_fails", self.ip_reasm_fails);
    field("ip_frag_oks", self.ip_frag_oks);
    field("ip_frag_fails", self.ip_frag_fails);
    field("ip_frag_creates", self.ip_frag_creates);
  }
};

// sFlow Host TCP/IP Counters, mib2_icmp_group (RFC 1213, icmp; it has no InTimestampReps).
struct Mib2Icmp {
  static constexpr std::uint32_t kFormat = 2008;
  static constexpr std::string_view kName = "mib2_icmp_group";
  std::uint32_t icmp_in_msgs = kUnknown32;
  std::uint32_t icmp_in_errors = kUnknown32;
  std::uint32_t icmp_in_dest_unreachs = kUnknown32;
  std::uint32_t icmp_in_time_excds = kUnknown32;
  std::uint32_t icmp_in_parm_probs = kUnknown32;
  std::uint32_t icmp_in_src_quenchs = kUnknown32;
  std::uint32_t icmp_in_redirects = kUnknown32;
  std::uint32_t icmp_in_echos = kUnknown32;
  std::uint32_t icmp_in_echo_reps = kUnknown32;
  std::uint32_t icmp_in_timestamps = kUnknown32;
  std::uint32_t icmp_in_addr_masks = kUnknown32;
  std::uint32_t icmp_in_addr_mask_reps = kUnknown32;
  std::uint32_t icmp_out_msgs = kUnknown32;
  std::uint32_t icmp_out_errors = kUnknown32;
  std::uint32_t icmp_out_dest_unreachs = kUnknown32;
  std::uint32_t icmp_out_time_excds = kUnknown32;
  std::uint32_t icmp_out_parm_probs = kUnknown32;
  std::uint32_t icmp_out_src_quenchs = kUnknown32;
  std::uint32_t icmp_out_redirects = kUnknown32;
  std::uint32_t icmp_out_echos = kUnknown32;
  std::uint32_t icmp_out_echo_reps = kUnknown32;
  std::uint32_t icmp_out_timestamps = kUnknown32;
  std::uint32_t icmp_out_timestamp_reps = kUnknown32;
  std::uint32_t icmp_out_addr_masks = kUnknown32;
  std::uint32_t icmp_out_addr_mask_reps = kUnknown32;

  bool operator==(const Mib2Icmp&) const = default;
  static void fields(auto& self, auto&& field) {
    field("icmp_in_msgs", self.icmp_in_msgs);
    field("icmp_in_errors", self.icmp_in_errors);
    field("icmp_in_dest_unreachs", self.icmp_in_dest_unreachs);
    field("icmp_in_time_excds", self.icmp_in_time_excds);
    field("icmp_in_parm_probs", self.icmp_in_parm_probs);
    field("icmp_in_src_quenchs", self.icmp_in_src_quenchs);
    field("icmp_in_redirects", self.icmp_in_redirects);
    field("icmp_in_echos", self.icmp_in_echos);
    field("icmp_in_echo_reps", self.icmp_in_echo_reps);
    field("icmp_in_timestamps", self.icmp_in_timestamps);
    field("icmp_in_addr_masks", self.icmp_in_addr_masks);
    field("icmp_in_addr_mask_reps", self.icmp_in_addr_mask_reps);
    field("icmp_out_msgs", self.icmp_out_msgs);
    field("icmp_out_errors", self.icmp_out_errors);
    field("icmp_out_dest_unreachs", self.icmp_out_dest_unreachs);
    field("icmp_out_time_excds", self.icmp_out_time_excds);
    field("icmp_out_parm_probs", self.icmp_out_parm_probs);
    field("icmp_out_src_quenchs", self.icmp_out_src_quenchs);
    field("icmp_out_redirects", self.icmp_out_redirects);
    field("icmp_out_echos", self.icmp_out_echos);
    field("icmp_out_echo_reps", self.icmp_out_echo_reps);
    field("icmp_out_timestamps", self.icmp_out_timestamps);
    field("icmp_out_timestamp_reps", self.icmp_out_timestamp_reps);
    field("icmp_out_addr_masks", self.icmp_out_addr_masks);
    field("icmp_out_addr_mask_reps", self.icmp_out_addr_mask_reps);
  }
};

// sFlow Host TCP/IP Counters, mib2_tcp_group (RFC 1213, tcp).
struct Mib2Tcp {
  static constexpr std::uint32_t kFormat = 2009;
  static constexpr std::string_view kName = "mib2_tcp_group";
  std::uint32_t tcp_rto_algorithm = 0;
  std::uint32_t tcp_rto_min = 0;  // ms
  std::uint32_t tcp_rto_max = 0;  // ms
  std::uint32_t tcp_max_conn = 0; // all ones: no fixed limit
  std::uint32_t tcp_active_opens = kUnknown32;
  std::uint32_t tcp_passive_opens = kUnknown32;
  std::uint32_t tcp_attempt_fails = kUnknown32;
  std::uint32_t tcp_estab_resets = kUnknown32;
  std::uint32_t tcp_curr_estab = 0;
  std::uint32_t tcp_in_segs = kUnknown32;
  std::uint32_t tcp_out_segs = kUnknown32;
  std::uint32_t tcp_retrans_segs = kUnknown32;
  std::uint32_t tcp_in_errs = kUnknown32;
  std::uint32_t tcp_out_rsts = kUnknown32;
  std::uint32_t tcp_in_csum_errors = kUnknown32;

  bool operator==(const Mib2Tcp&) const = default;
  static void fields(auto& self, auto&& field) {
    field("tcp_rto_algorithm", self.tcp_rto_algorithm);
    field("tcp_rto_min", self.tcp_rto_min);
    field("tcp_rto_max", self.tcp_rto_max);
    field("tcp_max_conn", self.tcp_max_conn);
    field("tcp_active_opens", self.tcp_active_opens);
    field("tcp_passive_opens", self.tcp_passive_opens);
    field("tcp_attempt_fails", self.tcp_attempt_fails);
    field("tcp_estab_resets", self.tcp_estab_resets);
    field("tcp_curr_estab", self.tcp_curr_estab);
    field("tcp_in_segs", self.tcp_in_segs);
    field("tcp_out_segs", self.tcp_out_segs);
    field("tcp_retrans_segs", self.tcp_retrans_segs);
    field("tcp_in_errs", self.tcp_in_errs);
    field("tcp_out_rsts", self.tcp_out_rsts);
    field("tcp_in_csum_errors", self.tcp_in_csum_errors);
  }
};

// sFlow Host TCP/IP Counters, mib2_udp_group (RFC 1213, udp).
struct Mib2Udp {
  static constexpr std::uint32_t kFormat = 2010;
  static constexpr std::string_view kName = "mib2_udp_group";
  std::uint32_t udp_in_datagrams = kUnknown32;
  std::uint32_t udp_no_ports = kUnknown32;
  std::uint32_t udp_in_errors = kUnknown32;
  std::uint32_t udp_out_datagrams = kUnknown32;
  std::uint32_t udp_rcvbuf_errors = kUnknown32;
  std::uint32_t udp_sndbuf_errors = kUnknown32;
  std::uint32_t udp_in_csum_errors = kUnknown32;

  bool operator==(const Mib2Udp&) const = default;
  static void fields(auto& self, auto&& field) {
    field("udp_in_datagrams", self.udp_in_datagrams);
    field("udp_no_ports", self.udp_no_ports);
    field("udp_in_errors", self.udp_in_errors);
    field("udp_out_datagrams", self.udp_out_datagrams);
    field("udp_rcvbuf_errors", self.udp_rcvbuf_errors);
    field("udp_sndbuf_errors", self.udp_sndbuf_errors);
    field("udp_in_csum_errors", self.udp_in_csum_errors);
  }
};

} // namespace sfa::sflow
