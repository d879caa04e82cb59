"""The structures of sFlow version 5, one table row each: name, enterprise, format, fields.

Written from the documents that sflow.org publishes (sflow_version_5.txt, sflow_host.txt, sflow_host_ip.txt,
sflow_lag.txt, sflow_openflow.txt, sflow_application.txt, sflow_tunnels.txt, sflow_drops.txt, sflow_optics.txt,
sflow_nvml.txt, the table of structure numbers and the errata page). Names are the specification's, in snake_case.
"""

import sflow_packet
from sflow_xdr import (UNLIMITED, SflowError, address, array, f32, i32, ip_v4, ip_v6, mac, opaque, record, string,
                       u8, u32, u64, uuid)

# The header protocols of sampled_header that are dissected: number -> name of the outermost layer.
HEADER_PROTOCOLS = {1: "ethernet", 11: "ipv4", 12: "ipv6"}


def sampled_header(reader):
    values = record([(u32, "header_protocol frame_length stripped"), (opaque, "header")])(reader)
    header = values["header"]
    if len(header) + values["stripped"] > values["frame_length"]:
        raise SflowError(f"field header: {len(header)} bytes and {values['stripped']} stripped ones are more than the "
                         f"frame of {values['frame_length']}")
    values["header"] = header.hex()
    layers, _ = sflow_packet.dissect(HEADER_PROTOCOLS.get(values["header_protocol"]), header)
    return values | layers


SAMPLED_IPV4 = [(u32, "length protocol"), (ip_v4, "src_ip dst_ip"), (u32, "src_port dst_port tcp_flags tos")]
SAMPLED_IPV6 = [(u32, "length protocol"), (ip_v6, "src_ip dst_ip"), (u32, "src_port dst_port tcp_flags priority")]
SAMPLED_ETHERNET = [(u32, "length"), (mac, "src_mac dst_mac"), (u32, "eth_type")]

FLOW_RECORDS = [
    ("sampled_header", 0, 1, [(sampled_header, None)]),
    ("sampled_ethernet", 0, 2, SAMPLED_ETHERNET),
    ("sampled_ipv4", 0, 3, SAMPLED_IPV4),
    ("sampled_ipv6", 0, 4, SAMPLED_IPV6),
    ("extended_switch", 0, 1001, [(u32, "src_vlan src_priority dst_vlan dst_priority")]),
    ("extended_router", 0, 1002, [(address, "nexthop"), (u32, "src_mask_len dst_mask_len")]),
    ("extended_mpls", 0, 1006, [(address, "nexthop"), (array(u32), "in_stack out_stack")]),
    ("extended_mpls_tunnel", 0, 1008, [(string(UNLIMITED), "tunnel_lsp_name"), (u32, "tunnel_id tunnel_cos")]),
    ("extended_mpls_vc", 0, 1009, [(string(UNLIMITED), "vc_instance_name"), (u32, "vll_vc_id vc_label_cos")]),
    ("extended_vlantunnel", 0, 1012, [(array(u32), "stack")]),
    ("extended_l2_tunnel_egress", 0, 1021, SAMPLED_ETHERNET),
    ("extended_l2_tunnel_ingress", 0, 1022, SAMPLED_ETHERNET),
    ("extended_ipv4_tunnel_egress", 0, 1023, SAMPLED_IPV4),
    ("extended_ipv4_tunnel_ingress", 0, 1024, SAMPLED_IPV4),
    ("extended_ipv6_tunnel_egress", 0, 1025, SAMPLED_IPV6),
    ("extended_ipv6_tunnel_ingress", 0, 1026, SAMPLED_IPV6),
    ("extended_decapsulate_egress", 0, 1027, [(u32, "inner_header_offset")]),
    ("extended_decapsulate_ingress", 0, 1028, [(u32, "inner_header_offset")]),
    ("extended_vni_egress", 0, 1029, [(u32, "vni")]),
    ("extended_vni_ingress", 0, 1030, [(u32, "vni")]),
    ("extended_egress_queue", 0, 1036, [(u32, "queue")]),
    ("extended_acl", 0, 1037, [(u32, "number"), (string(UNLIMITED), "name"), (u32, "direction")]),
    ("extended_function", 0, 1038, [(string(UNLIMITED), "symbol")]),
]

ADAPTER = record([(u32, "if_index"), (array(mac, 8), "mac_addresses")])
LACP_PORT_STATE = record([(u8, "actor_admin actor_oper partner_admin partner_oper")])
OPTICAL_LANE = record([(u32, "index tx_bias_current tx_power tx_power_min tx_power_max tx_wavelength "
                             "rx_power rx_power_min rx_power_max rx_wavelength")])

COUNTER_RECORDS = [
    ("if_counters", 0, 1, [
        (u32, "if_index if_type"),
        (u64, "if_speed"),
        (u32, "if_direction if_status"),
        (u64, "if_in_octets"),
        (u32, "if_in_ucast_pkts if_in_multicast_pkts if_in_broadcast_pkts if_in_discards if_in_errors "
              "if_in_unknown_protos"),
        (u64, "if_out_octets"),
        (u32, "if_out_ucast_pkts if_out_multicast_pkts if_out_broadcast_pkts if_out_discards if_out_errors "
              "if_promiscuous_mode"),
    ]),
    ("ethernet_counters", 0, 2, [
        (u32, "dot3_stats_alignment_errors dot3_stats_fcs_errors dot3_stats_single_collision_frames "
              "dot3_stats_multiple_collision_frames dot3_stats_sqe_test_errors dot3_stats_deferred_transmissions "
              "dot3_stats_late_collisions dot3_stats_excessive_collisions dot3_stats_internal_mac_transmit_errors "
              "dot3_stats_carrier_sense_errors dot3_stats_frame_too_longs dot3_stats_internal_mac_receive_errors "
              "dot3_stats_symbol_errors"),
    ]),
    ("lag_port_stats", 0, 7, [
        (mac, "dot3ad_agg_port_actor_system_id dot3ad_agg_port_partner_oper_system_id"),
        (u32, "dot3ad_agg_port_attached_agg_id"),
        (LACP_PORT_STATE, "dot3ad_agg_port_state"),
        (u32, "dot3ad_agg_port_stats_lacpdus_rx dot3ad_agg_port_stats_marker_pdus_rx "
              "dot3ad_agg_port_stats_marker_response_pdus_rx dot3ad_agg_port_stats_unknown_rx "
              "dot3ad_agg_port_stats_illegal_rx dot3ad_agg_port_stats_lacpdus_tx "
              "dot3ad_agg_port_stats_marker_pdus_tx dot3ad_agg_port_stats_marker_response_pdus_tx"),
    ]),
    ("sfp", 0, 10, [
        (u32, "module_id module_num_lanes module_supply_voltage"),
        (i32, "module_temperature"),
        (array(OPTICAL_LANE, 40), "lanes"),
    ]),
    ("pfc", 0, 11, [(u32, "requests indications pause_duration storm_detected storm_restored")]),
    ("of_port", 0, 1004, [(u64, "datapath_id"), (u32, "port_no")]),
    ("port_name", 0, 1005, [(string(255), "name")]),
    ("host_descr", 0, 2000, [
        (string(64), "hostname"),
        (uuid, "uuid"),
        (u32, "machine_type os_name"),
        (string(32), "os_release"),
    ]),
    ("host_adapters", 0, 2001, [(array(ADAPTER, 8), "adapters")]),
    ("host_parent", 0, 2002, [(u32, "container_type container_index")]),
    ("host_cpu", 0, 2003, [
        (f32, "load_one load_five load_fifteen"),
        (u32, "proc_run proc_total cpu_num cpu_speed uptime cpu_user cpu_nice cpu_system cpu_idle cpu_wio cpu_intr "
              "cpu_sintr interrupts contexts cpu_steal cpu_guest cpu_guest_nice"),
    ]),
    ("host_memory", 0, 2004, [
        (u64, "mem_total mem_free mem_shared mem_buffers mem_cached swap_total swap_free"),
        (u32, "page_in page_out swap_in swap_out"),
    ]),
    ("host_disk_io", 0, 2005, [
        (u64, "disk_total disk_free"),
        (u32, "part_max_used reads"),
        (u64, "bytes_read"),
        (u32, "read_time writes"),
        (u64, "bytes_written"),
        (u32, "write_time"),
    ]),
    ("host_net_io", 0, 2006, [
        (u64, "bytes_in"),
        (u32, "pkts_in errs_in drops_in"),
        (u64, "bytes_out"),
        (u32, "pkts_out errs_out drops_out"),
    ]),
    ("mib2_ip_group", 0, 2007, [
        (u32, "ip_forwarding ip_default_ttl ip_in_receives ip_in_hdr_errors ip_in_addr_errors ip_forw_datagrams "
              "ip_in_unknown_protos ip_in_discards ip_in_delivers ip_out_requests ip_out_discards ip_out_no_routes "
              "ip_reasm_timeout ip_reasm_reqds ip_reasm_oks ip_reasm_fails ip_frag_oks ip_frag_fails ip_frag_creates"),
    ]),
    ("mib2_icmp_group", 0, 2008, [
        (u32, "icmp_in_msgs icmp_in_errors icmp_in_dest_unreachs icmp_in_time_excds icmp_in_param_probs "
              "icmp_in_src_quenchs icmp_in_redirects icmp_in_echos icmp_in_echo_reps icmp_in_timestamps "
              "icmp_in_addr_masks icmp_in_addr_mask_reps icmp_out_msgs icmp_out_errors icmp_out_dest_unreachs "
              "icmp_out_time_excds icmp_out_param_probs icmp_out_src_quenchs icmp_out_redirects icmp_out_echos "
              "icmp_out_echo_reps icmp_out_timestamps icmp_out_timestamp_reps icmp_out_addr_masks "
              "icmp_out_addr_mask_reps"),
    ]),
    ("mib2_tcp_group", 0, 2009, [
        (u32, "tcp_rto_algorithm tcp_rto_min tcp_rto_max tcp_max_conn tcp_active_opens tcp_passive_opens "
              "tcp_attempt_fails tcp_estab_resets tcp_curr_estab tcp_in_segs tcp_out_segs tcp_retrans_segs tcp_in_errs "
              "tcp_out_rsts tcp_in_csum_errs"),
    ]),
    ("mib2_udp_group", 0, 2010, [
        (u32, "udp_in_datagrams udp_no_ports udp_in_errors udp_out_datagrams udp_rcvbuf_errors udp_sndbuf_errors "
              "udp_in_csum_errors"),
    ]),
    ("virt_node", 0, 2100, [(u32, "mhz cpus"), (u64, "memory memory_free"), (u32, "num_domains")]),
    ("virt_cpu", 0, 2101, [(u32, "state cpu_time nr_virt_cpu")]),
    ("virt_memory", 0, 2102, [(u64, "memory max_memory")]),
    ("virt_disk_io", 0, 2103, [
        (u64, "capacity allocation available"),
        (u32, "rd_req"),
        (u64, "rd_bytes"),
        (u32, "wr_req"),
        (u64, "wr_bytes"),
        (u32, "errs"),
    ]),
    ("virt_net_io", 0, 2104, [
        (u64, "rx_bytes"),
        (u32, "rx_packets rx_errs rx_drop"),
        (u64, "tx_bytes"),
        (u32, "tx_packets tx_errs tx_drop"),
    ]),
    ("app_operations", 0, 2202, [
        (string(32), "application"),
        (u32, "success other timeout internal_error bad_request forbidden too_large not_implemented not_found "
              "unavailable unauthorized"),
    ]),
    ("app_resources", 0, 2203, [
        (u32, "user_time system_time"),
        (u64, "mem_used mem_max"),
        (u32, "fd_open fd_max conn_open conn_max"),
    ]),
    ("app_workers", 0, 2206, [(u32, "workers_active workers_idle workers_max req_delayed req_dropped")]),
    ("ovs_dp_stats", 0, 2207, [(u32, "hits misses lost mask_hits flows masks")]),
    ("nvidia_gpu", 5703, 1, [
        (u32, "device_count processes gpu_time mem_time"),
        (u64, "mem_total mem_free"),
        (u32, "ecc_errors energy temperature fan_speed"),
    ]),
]
