"""Tests of the strict decoder. Datagrams are put together here by hand from the published tables, or were captured."""

import pathlib
import struct

import pytest

import sflow
import sflow_capture
from sflow import SflowError, decode

OVS = sflow_capture.read_hex((pathlib.Path(__file__).parent / "fixtures" / "ovs-3.1.hex").read_text())


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def u64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def f32(*values):
    return struct.pack(f">{len(values)}f", *values)


def text(value):
    raw = value.encode()
    return u32(len(raw)) + raw + bytes(-len(raw) % 4)


def mac(value):
    return bytes.fromhex(value.replace(":", "")) + bytes(2)


def part(number, body, enterprise=0):
    """A sample or a record: its data_format, its length, and itself."""
    return u32(enterprise << 12 | number, len(body)) + body


def datagram(*samples, agent=u32(1) + bytes([192, 0, 2, 1])):
    return u32(5) + agent + u32(100000, 7, 1234, len(samples)) + b"".join(samples)


def counters(*records):
    """An expanded counters sample (format 4) of the host, 2:1."""
    return part(4, u32(3, 2, 1, len(records)) + b"".join(records))


def flow(*records):
    """An expanded flow sample (format 3)."""
    return part(3, u32(3, 0, 9, 400, 800, 1, 0, 9, 0, 0x3fffffff, len(records)) + b"".join(records))


def numbered(names, first=1):
    return {name: value for value, name in enumerate(names.split(), first)}


def only_record(sample):
    record, = decode(datagram(sample))["samples"][0]["records"]
    return record


# --- the datagram and its samples ---

def test_a_datagram_header_is_decoded():
    assert decode(datagram()) == {"agent_address": "192.0.2.1", "sub_agent_id": 100000, "sequence_number": 7,
                                  "uptime": 1234, "samples": []}


def test_an_agent_may_have_an_ipv6_address():
    agent = u32(2) + bytes.fromhex("20010db8000000000000000000000001")
    assert decode(datagram(agent=agent))["agent_address"] == "2001:db8::1"


@pytest.mark.parametrize("agent", [u32(0), u32(3) + bytes(4)])
def test_an_agent_address_of_another_type_is_refused(agent):
    with pytest.raises(SflowError, match="field agent_address: address type"):
        decode(datagram(agent=agent))


def test_another_version_is_refused():
    with pytest.raises(SflowError, match="version 4 is not 5"):
        decode(u32(4) + datagram()[4:])


def test_compact_counters_have_class_and_index_in_one_word():
    sample = part(2, u32(3, 2 << 24 | 1000, 0))
    assert decode(datagram(sample))["samples"] == [
        {"type": "counters", "expanded": False, "sequence_number": 3, "source_id_type": 2, "source_id_index": 1000,
         "records": []}]


def test_expanded_counters_have_class_and_index_apart():
    sample = part(4, u32(3, 3, 100007, 0))
    assert decode(datagram(sample))["samples"] == [
        {"type": "counters", "expanded": True, "sequence_number": 3, "source_id_type": 3, "source_id_index": 100007,
         "records": []}]


def test_a_compact_flow_sample_has_format_and_value_of_an_interface_in_one_word():
    sample = part(1, u32(3, 9, 400, 800, 1, 5, 2 << 30 | 3, 0))
    assert decode(datagram(sample))["samples"] == [
        {"type": "flow", "expanded": False, "sequence_number": 3, "source_id_type": 0, "source_id_index": 9,
         "sampling_rate": 400, "sample_pool": 800, "drops": 1, "input": {"format": 0, "value": 5},
         "output": {"format": 2, "value": 3}, "records": []}]


def test_an_expanded_flow_sample_has_format_and_value_of_an_interface_apart():
    sample = decode(datagram(flow()))["samples"][0]
    assert sample["expanded"] and sample["source_id_index"] == 9
    assert (sample["input"], sample["output"]) == ({"format": 0, "value": 9}, {"format": 0, "value": 0x3fffffff})


def test_a_discarded_packet_has_its_reason():
    sample = part(5, u32(3, 0, 9, 1, 4, 0, 258, 0))
    assert decode(datagram(sample))["samples"] == [
        {"type": "discarded_packet", "expanded": True, "sequence_number": 3, "source_id_type": 0, "source_id_index": 9,
         "drops": 1, "input_ifindex": 4, "output_ifindex": 0, "reason": 258, "records": []}]


def test_what_is_not_known_is_kept_as_hex():
    unknown = part(1002, u32(1, 2), enterprise=4300)
    first, second = decode(datagram(unknown, counters(unknown)))["samples"]
    assert first == {"type": "unknown", "enterprise": 4300, "format": 1002, "raw": "0000000100000002"}
    assert second["records"] == [first]


# --- every structure, exact values ---

COUNTER_STRUCTURES = [
    ("if_counters", 1, u32(1, 2) + u64(3) + u32(4, 5) + u64(6) + u32(*range(7, 13)) + u64(13) + u32(*range(14, 20)),
     numbered("if_index if_type if_speed if_direction if_status if_in_octets if_in_ucast_pkts if_in_multicast_pkts "
              "if_in_broadcast_pkts if_in_discards if_in_errors if_in_unknown_protos if_out_octets if_out_ucast_pkts "
              "if_out_multicast_pkts if_out_broadcast_pkts if_out_discards if_out_errors if_promiscuous_mode")),
    ("ethernet_counters", 2, u32(*range(1, 14)), numbered(
        "dot3_stats_alignment_errors dot3_stats_fcs_errors dot3_stats_single_collision_frames "
        "dot3_stats_multiple_collision_frames dot3_stats_sqe_test_errors dot3_stats_deferred_transmissions "
        "dot3_stats_late_collisions dot3_stats_excessive_collisions dot3_stats_internal_mac_transmit_errors "
        "dot3_stats_carrier_sense_errors dot3_stats_frame_too_longs dot3_stats_internal_mac_receive_errors "
        "dot3_stats_symbol_errors")),
    ("lag_port_stats", 7, mac("02:00:00:00:00:01") + mac("02:00:00:00:00:02") + u32(0) + bytes([1, 2, 3, 4])
     + u32(*range(1, 9)),
     {"dot3ad_agg_port_actor_system_id": "02:00:00:00:00:01", "dot3ad_agg_port_partner_oper_system_id":
      "02:00:00:00:00:02", "dot3ad_agg_port_attached_agg_id": 0, "dot3ad_agg_port_state":
      numbered("actor_admin actor_oper partner_admin partner_oper")}
     | numbered("dot3ad_agg_port_stats_lacpdus_rx dot3ad_agg_port_stats_marker_pdus_rx "
                "dot3ad_agg_port_stats_marker_response_pdus_rx dot3ad_agg_port_stats_unknown_rx "
                "dot3ad_agg_port_stats_illegal_rx dot3ad_agg_port_stats_lacpdus_tx "
                "dot3ad_agg_port_stats_marker_pdus_tx dot3ad_agg_port_stats_marker_response_pdus_tx")),
    ("sfp", 10, u32(1, 4, 3300) + struct.pack(">i", -1500) + u32(1, *range(1, 11)),
     {"module_id": 1, "module_num_lanes": 4, "module_supply_voltage": 3300, "module_temperature": -1500, "lanes": [
         numbered("index tx_bias_current tx_power tx_power_min tx_power_max tx_wavelength rx_power rx_power_min "
                  "rx_power_max rx_wavelength")]}),
    ("pfc", 11, u32(*range(1, 6)), numbered("requests indications pause_duration storm_detected storm_restored")),
    ("of_port", 1004, u64(0x20000000001) + u32(65534), {"datapath_id": 0x20000000001, "port_no": 65534}),
    ("port_name", 1005, text("eth0"), {"name": "eth0"}),
    ("host_descr", 2000, text("alpha") + bytes(range(16)) + u32(3, 2) + text("6.1.0-18-amd64"),
     {"hostname": "alpha", "uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f", "machine_type": 3, "os_name": 2,
      "os_release": "6.1.0-18-amd64"}),
    ("host_adapters", 2001, u32(2, 2, 1) + mac("52:54:00:12:34:56") + u32(3, 2) + mac("02:00:00:00:00:03")
     + mac("02:00:00:00:00:04"),
     {"adapters": [{"if_index": 2, "mac_addresses": ["52:54:00:12:34:56"]},
                   {"if_index": 3, "mac_addresses": ["02:00:00:00:00:03", "02:00:00:00:00:04"]}]}),
    ("host_parent", 2002, u32(2, 1), {"container_type": 2, "container_index": 1}),
    ("host_cpu", 2003, f32(0.1, 2.25, 3.5) + u32(*range(1, 18)),
     {"load_one": 0.1, "load_five": 2.25, "load_fifteen": 3.5}
     | numbered("proc_run proc_total cpu_num cpu_speed uptime cpu_user cpu_nice cpu_system cpu_idle cpu_wio cpu_intr "
                "cpu_sintr interrupts contexts cpu_steal cpu_guest cpu_guest_nice")),
    ("host_memory", 2004, u64(*range(1, 8)) + u32(*range(8, 12)),
     numbered("mem_total mem_free mem_shared mem_buffers mem_cached swap_total swap_free page_in page_out swap_in "
              "swap_out")),
    ("host_disk_io", 2005, u64(1, 2) + u32(3, 4) + u64(5) + u32(6, 7) + u64(8) + u32(9),
     numbered("disk_total disk_free part_max_used reads bytes_read read_time writes bytes_written write_time")),
    ("host_net_io", 2006, u64(1) + u32(2, 3, 4) + u64(5) + u32(6, 7, 8),
     numbered("bytes_in pkts_in errs_in drops_in bytes_out pkts_out errs_out drops_out")),
    ("mib2_ip_group", 2007, u32(*range(1, 20)), numbered(
        "ip_forwarding ip_default_ttl ip_in_receives ip_in_hdr_errors ip_in_addr_errors ip_forw_datagrams "
        "ip_in_unknown_protos ip_in_discards ip_in_delivers ip_out_requests ip_out_discards ip_out_no_routes "
        "ip_reasm_timeout ip_reasm_reqds ip_reasm_oks ip_reasm_fails ip_frag_oks ip_frag_fails ip_frag_creates")),
    ("mib2_icmp_group", 2008, u32(*range(1, 26)), numbered(
        "icmp_in_msgs icmp_in_errors icmp_in_dest_unreachs icmp_in_time_excds icmp_in_param_probs icmp_in_src_quenchs "
        "icmp_in_redirects icmp_in_echos icmp_in_echo_reps icmp_in_timestamps icmp_in_addr_masks "
        "icmp_in_addr_mask_reps icmp_out_msgs icmp_out_errors icmp_out_dest_unreachs icmp_out_time_excds "
        "icmp_out_param_probs icmp_out_src_quenchs icmp_out_redirects icmp_out_echos icmp_out_echo_reps "
        "icmp_out_timestamps icmp_out_timestamp_reps icmp_out_addr_masks icmp_out_addr_mask_reps")),
    ("mib2_tcp_group", 2009, u32(*range(1, 16)), numbered(
        "tcp_rto_algorithm tcp_rto_min tcp_rto_max tcp_max_conn tcp_active_opens tcp_passive_opens tcp_attempt_fails "
        "tcp_estab_resets tcp_curr_estab tcp_in_segs tcp_out_segs tcp_retrans_segs tcp_in_errs tcp_out_rsts "
        "tcp_in_csum_errs")),
    ("mib2_udp_group", 2010, u32(*range(1, 8)), numbered(
        "udp_in_datagrams udp_no_ports udp_in_errors udp_out_datagrams udp_rcvbuf_errors udp_sndbuf_errors "
        "udp_in_csum_errors")),
    ("virt_node", 2100, u32(1, 2) + u64(3, 4) + u32(5), numbered("mhz cpus memory memory_free num_domains")),
    ("virt_cpu", 2101, u32(1, 2, 3), numbered("state cpu_time nr_virt_cpu")),
    ("virt_memory", 2102, u64(1, 2), numbered("memory max_memory")),
    ("virt_disk_io", 2103, u64(1, 2, 3) + u32(4) + u64(5) + u32(6) + u64(7) + u32(8),
     numbered("capacity allocation available rd_req rd_bytes wr_req wr_bytes errs")),
    ("virt_net_io", 2104, u64(1) + u32(2, 3, 4) + u64(5) + u32(6, 7, 8),
     numbered("rx_bytes rx_packets rx_errs rx_drop tx_bytes tx_packets tx_errs tx_drop")),
    ("app_operations", 2202, text("http") + u32(*range(1, 12)), {"application": "http"} | numbered(
        "success other timeout internal_error bad_request forbidden too_large not_implemented not_found unavailable "
        "unauthorized")),
    ("app_resources", 2203, u32(1, 2) + u64(3, 4) + u32(5, 6, 7, 8),
     numbered("user_time system_time mem_used mem_max fd_open fd_max conn_open conn_max")),
    ("app_workers", 2206, u32(*range(1, 6)),
     numbered("workers_active workers_idle workers_max req_delayed req_dropped")),
    ("ovs_dp_stats", 2207, u32(*range(1, 7)), numbered("hits misses lost mask_hits flows masks")),
]


@pytest.mark.parametrize("name, number, body, fields", COUNTER_STRUCTURES, ids=[row[0] for row in COUNTER_STRUCTURES])
def test_each_counter_structure_has_its_exact_values(name, number, body, fields):
    assert only_record(counters(part(number, body))) == {"type": name} | fields


@pytest.mark.parametrize("name, number, body, fields", COUNTER_STRUCTURES, ids=[row[0] for row in COUNTER_STRUCTURES])
def test_no_counter_structure_is_shorter_or_longer_than_its_fields(name, number, body, fields):
    with pytest.raises(SflowError, match=rf"record 1 \({name}\): field \w+: .*(missing|left)"):
        decode(datagram(counters(part(number, body[:-4]))))
    with pytest.raises(SflowError, match=rf"record 1 \({name}\): 4 bytes left over at offset"):
        decode(datagram(counters(part(number, body + u32(0)))))


def test_every_counter_structure_in_the_table_is_tested():
    tested = {row[0] for row in COUNTER_STRUCTURES} | {"nvidia_gpu"}
    assert tested == {row[0] for row in sflow.COUNTER_RECORDS}


def test_the_nvidia_structure_belongs_to_another_enterprise():
    body = u32(1, 2, 3, 4) + u64(5, 6) + u32(7, 8, 9, 10)
    assert only_record(counters(part(1, body, enterprise=5703))) == {"type": "nvidia_gpu"} | numbered(
        "device_count processes gpu_time mem_time mem_total mem_free ecc_errors energy temperature fan_speed")


PUBLISHED_SIZES = {1: 88, 2: 52, 7: 56, 11: 20, 2003: 80, 2004: 72, 2005: 52, 2006: 40, 2007: 76, 2008: 100, 2009: 60,
                   2010: 28, 2100: 28, 2101: 12, 2102: 16, 2103: 52, 2104: 40}


@pytest.mark.parametrize("number, size", PUBLISHED_SIZES.items())
def test_a_structure_of_fixed_size_has_the_published_size(number, size):
    assert only_record(counters(part(number, bytes(size))))["type"] != "unknown"
    for wrong in size - 4, size + 4:
        with pytest.raises(SflowError):
            decode(datagram(counters(part(number, bytes(wrong)))))


IPV4 = u32(120, 17) + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + u32(1, 4789, 0, 8)
IPV4_FIELDS = {"length": 120, "protocol": 17, "src_ip": "192.0.2.1", "dst_ip": "192.0.2.2", "src_port": 1,
               "dst_port": 4789, "tcp_flags": 0, "tos": 8}
IPV6 = u32(120, 6) + bytes(15) + b"\1" + bytes(15) + b"\2" + u32(1, 2, 18, 4)
IPV6_FIELDS = {"length": 120, "protocol": 6, "src_ip": "::1", "dst_ip": "::2", "src_port": 1, "dst_port": 2,
               "tcp_flags": 18, "priority": 4}
ETHERNET = u32(64) + mac("02:00:00:00:00:01") + mac("02:00:00:00:00:02") + u32(0x800)
ETHERNET_FIELDS = {"length": 64, "src_mac": "02:00:00:00:00:01", "dst_mac": "02:00:00:00:00:02", "eth_type": 0x800}

FLOW_STRUCTURES = [
    ("sampled_ethernet", 2, ETHERNET, ETHERNET_FIELDS),
    ("sampled_ipv4", 3, IPV4, IPV4_FIELDS),
    ("sampled_ipv6", 4, IPV6, IPV6_FIELDS),
    ("extended_switch", 1001, u32(10, 3, 20, 4),
     {"src_vlan": 10, "src_priority": 3, "dst_vlan": 20, "dst_priority": 4}),
    ("extended_router", 1002, u32(1) + bytes([192, 0, 2, 9]) + u32(24, 25),
     {"nexthop": "192.0.2.9", "src_mask_len": 24, "dst_mask_len": 25}),
    ("extended_mpls", 1006, u32(0, 2, 16, 17, 0), {"nexthop": None, "in_stack": [16, 17], "out_stack": []}),
    ("extended_mpls_tunnel", 1008, text("lsp-1") + u32(1, 2),
     {"tunnel_lsp_name": "lsp-1", "tunnel_id": 1, "tunnel_cos": 2}),
    ("extended_mpls_vc", 1009, text("vc") + u32(1, 2), {"vc_instance_name": "vc", "vll_vc_id": 1, "vc_label_cos": 2}),
    ("extended_vlantunnel", 1012, u32(1, 0x8100000a), {"stack": [0x8100000a]}),
    ("extended_l2_tunnel_egress", 1021, ETHERNET, ETHERNET_FIELDS),
    ("extended_l2_tunnel_ingress", 1022, ETHERNET, ETHERNET_FIELDS),
    ("extended_ipv4_tunnel_egress", 1023, IPV4, IPV4_FIELDS),
    ("extended_ipv4_tunnel_ingress", 1024, IPV4, IPV4_FIELDS),
    ("extended_ipv6_tunnel_egress", 1025, IPV6, IPV6_FIELDS),
    ("extended_ipv6_tunnel_ingress", 1026, IPV6, IPV6_FIELDS),
    ("extended_decapsulate_egress", 1027, u32(50), {"inner_header_offset": 50}),
    ("extended_decapsulate_ingress", 1028, u32(50), {"inner_header_offset": 50}),
    ("extended_vni_egress", 1029, u32(5001), {"vni": 5001}),
    ("extended_vni_ingress", 1030, u32(5002), {"vni": 5002}),
    ("extended_egress_queue", 1036, u32(4), {"queue": 4}),
    ("extended_acl", 1037, u32(1) + text("deny") + u32(2), {"number": 1, "name": "deny", "direction": 2}),
    ("extended_function", 1038, text("ip_rcv"), {"symbol": "ip_rcv"}),
]


@pytest.mark.parametrize("name, number, body, fields", FLOW_STRUCTURES, ids=[row[0] for row in FLOW_STRUCTURES])
def test_each_flow_structure_has_its_exact_values(name, number, body, fields):
    assert only_record(flow(part(number, body))) == {"type": name} | fields


def test_every_flow_structure_in_the_table_is_tested():
    assert {row[0] for row in FLOW_STRUCTURES} | {"sampled_header"} == {row[0] for row in sflow.FLOW_RECORDS}


# --- what is refused ---

EVERYTHING = datagram(counters(*(part(number, body) for _, number, body, _ in COUNTER_STRUCTURES)),
                      flow(*(part(number, body) for _, number, body, _ in FLOW_STRUCTURES)))


def test_the_place_of_an_error_is_named():
    cpu = f32(0, 0, 0) + u32(*range(1, 6))
    broken = datagram(counters(), counters(part(1005, text("a")), part(2002, u32(2, 1)), part(2003, cpu)))
    with pytest.raises(SflowError) as error:
        decode(broken)
    assert str(error.value) == ("sample 2 (counters): record 3 (host_cpu): field cpu_user: 4 bytes missing at offset "
                                f"{len(broken)}")


@pytest.mark.parametrize("datagrams", [[EVERYTHING], OVS], ids=["every structure", "Open vSwitch"])
def test_a_datagram_cut_short_at_any_byte_is_refused(datagrams):
    for whole in datagrams:
        decode(whole, any_padding=True)
        for length in range(len(whole)):
            with pytest.raises(SflowError):
                decode(whole[:length], any_padding=True)


@pytest.mark.parametrize("whole", [EVERYTHING, *OVS])
def test_one_byte_more_is_refused(whole):
    with pytest.raises(SflowError, match=f"^1 bytes left over at offset {len(whole)}$"):
        decode(whole + b"\0", any_padding=True)


def test_padding_that_is_not_zero_is_refused():
    for number, body in ((1005, u32(2) + b"ab\0x"), (2001, u32(1, 2, 1) + b"\2\0\0\0\0\1\1\0")):
        with pytest.raises(SflowError, match="padding is not zero at offset"):
            decode(datagram(counters(part(number, body))))
        assert decode(datagram(counters(part(number, body))), any_padding=True)["samples"]


@pytest.mark.parametrize("number, longest, rest", [(2000, 64, bytes(16) + u32(0, 0, 0)), (1005, 255, b""),
                                                   (2202, 32, bytes(44))])
def test_a_string_is_not_longer_than_its_maximum(number, longest, rest):
    assert only_record(counters(part(number, text("x" * longest) + rest)))["type"] != "unknown"
    with pytest.raises(SflowError, match=f"at most {longest} are allowed"):
        decode(datagram(counters(part(number, text("x" * (longest + 1)) + rest))))


@pytest.mark.parametrize("raw", [b"\xff\xff\xff\xff", b"a\0bc"])
def test_a_string_is_utf_8_without_nul(raw):
    with pytest.raises(SflowError, match="field name: "):
        decode(datagram(counters(part(1005, u32(4) + raw))))


@pytest.mark.parametrize("load", [float("nan"), float("inf")])
def test_a_load_is_a_finite_number(load):
    with pytest.raises(SflowError, match="field load_one: .* not a finite number"):
        decode(datagram(counters(part(2003, f32(load, 0, 0) + bytes(68)))))


@pytest.mark.parametrize("hostile", [
    datagram()[:-4] + u32(0xffffffff),
    datagram(part(4, u32(1, 2, 1, 0xffffffff))),
    datagram(counters(part(2001, u32(0xffffffff)))),
    datagram(counters(part(2001, u32(1, 2, 0xffffffff)))),
    datagram(flow(part(1012, u32(0x40000000)))),
    datagram(flow(part(1, u32(1, 64, 4, 0xffffffff)))),
], ids=["samples", "records", "adapters", "macs", "vlans", "header"])
def test_a_count_larger_than_what_is_left_is_refused_before_anything_is_read(hostile):
    with pytest.raises(SflowError, match="left"):
        decode(hostile)


def test_fewer_samples_or_records_than_counted_are_refused():
    with pytest.raises(SflowError, match="left over"):
        decode(datagram()[:-4] + u32(1) + counters() + counters())
    with pytest.raises(SflowError, match=r"^sample 1 \(counters\): 16 bytes left over"):
        decode(datagram(part(4, u32(1, 2, 1, 0) + part(2002, u32(2, 1)))))


def test_a_length_is_a_multiple_of_four_even_of_what_is_not_known():
    with pytest.raises(SflowError, match="record 1 .4300:9.: length 6 is not a multiple of 4"):
        decode(datagram(part(4, u32(1, 2, 1, 1, 4300 << 12 | 9, 6) + bytes(8))))


def test_a_length_does_not_go_past_what_encloses_it():
    with pytest.raises(SflowError, match=r"sample 1 \(counters\): length is 20, but 16 bytes are left"):
        decode(datagram(u32(4, 20, 1, 2, 1, 0)))
    with pytest.raises(SflowError, match=r"record 1 \(host_parent\): length is 8, but 0 bytes are left"):
        decode(datagram(part(4, u32(1, 2, 1, 1, 2002, 8)), counters()))


@pytest.mark.parametrize("sample", [part(4, u32(1, 4, 1, 0)), part(2, u32(1, 9 << 24, 0)),
                                    part(1, u32(3, 9, 400, 800, 1, 3 << 30, 0, 0)),
                                    part(3, u32(3, 0, 9, 400, 800, 1, 0, 9, 3, 0, 0))])
def test_source_types_and_interface_formats_that_nobody_defined_are_refused(sample):
    with pytest.raises(SflowError, match="is not defined"):
        decode(datagram(sample))


def test_a_sampled_header_is_not_longer_than_its_frame():
    assert only_record(flow(part(1, u32(1, 8, 4, 4) + bytes(4))))["header"] == "00000000"
    with pytest.raises(SflowError, match="field header: 4 bytes and 4 stripped ones are more than the frame of 7"):
        decode(datagram(flow(part(1, u32(1, 7, 4, 4) + bytes(4)))))
