"""What the bytes of a packet say: Ethernet, 802.1Q, ARP, IPv4, IPv6, TCP, UDP, ICMP.

A sampled header is cut off somewhere by design, and what is in it came from a network: a layer that is not whole, or
contradicts itself, is left out and nothing after it is looked at. Nothing here raises.
"""

import ipaddress
import struct

ETHERTYPES = {0x0800: "ipv4", 0x0806: "arp", 0x8100: "vlan", 0x88a8: "vlan", 0x86dd: "ipv6"}
IP_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
# Hop-by-hop options, routing, destination options (RFC 8200, section 4): next header, then length in 8 bytes less one.
IPV6_EXTENSIONS = (0, 43, 60)
IPV6_FRAGMENT = 44


def dissect(layer, data):
    """(layers, payload): the fields of each layer from `layer` on by its name, "vlans" a list, outermost first; payload
    is what follows the last of them."""
    layers = {}
    data = bytes(data)
    while layer in LAYERS:
        read, size = LAYERS[layer]
        found = read(data) if len(data) >= size else None
        if found is None:
            break
        fields, next_layer, data = found
        if layer == "vlan":
            layers.setdefault("vlans", []).append(fields)
        else:
            layers[layer] = fields
        layer = next_layer
    return layers, data


def _ethernet(data):
    ethertype = int.from_bytes(data[12:14], "big")
    fields = {"dst_mac": data[0:6].hex(":"), "src_mac": data[6:12].hex(":"), "ethertype": ethertype}
    return fields, ETHERTYPES.get(ethertype), data[14:]


def _vlan(data):
    """IEEE 802.1Q, after the tag's own type: priority, drop eligible, id; then the type of what follows."""
    tag, ethertype = struct.unpack_from(">HH", data)
    fields = {"priority": tag >> 13, "dei": tag >> 12 & 1, "id": tag & 0xfff, "ethertype": ethertype}
    return fields, ETHERTYPES.get(ethertype), data[4:]


def _arp(data):
    """RFC 826, for IPv4 over Ethernet only."""
    hardware, protocol, sizes, operation = struct.unpack_from(">HHHH", data)
    if (hardware, protocol, sizes) != (1, 0x0800, 0x0604):
        return None
    fields = {"operation": operation,
              "sender_mac": data[8:14].hex(":"), "sender_ip": _ip(data[14:18]),
              "target_mac": data[18:24].hex(":"), "target_ip": _ip(data[24:28])}
    return fields, None, data[28:]


def _ipv4(data):
    """RFC 791, section 3.1."""
    header_length = (data[0] & 0xf) * 4
    total_length, _, fragment = struct.unpack_from(">HHH", data, 2)
    if data[0] >> 4 != 4 or not 20 <= header_length <= min(total_length, len(data)):
        return None
    offset = (fragment & 0x1fff) * 8
    fields = {"src_ip": _ip(data[12:16]), "dst_ip": _ip(data[16:20]), "protocol": data[9],
              "tos": data[1], "ttl": data[8],
              "total_length": total_length, "fragment_offset": offset, "more_fragments": bool(fragment & 0x2000)}
    # Only the first fragment has the next header; Ethernet pads short frames beyond the total length.
    return fields, None if offset else IP_PROTOCOLS.get(data[9]), data[header_length:total_length]


def _ipv6(data):
    """RFC 8200, sections 3 and 4; `protocol` is the next header after the extension headers."""
    first, payload_length, protocol, hop_limit = struct.unpack_from(">IHBB", data)
    if first >> 28 != 6:
        return None
    fields = {"src_ip": _ip(data[8:24]), "dst_ip": _ip(data[24:40]), "protocol": protocol,
              "traffic_class": first >> 20 & 0xff, "flow_label": first & 0xfffff, "payload_length": payload_length,
              "hop_limit": hop_limit, "fragment_offset": 0, "more_fragments": False}
    rest = data[40:40 + payload_length]
    while protocol in IPV6_EXTENSIONS and len(rest) >= 8:
        protocol, rest = rest[0], rest[(rest[1] + 1) * 8:]
    if protocol == IPV6_FRAGMENT and len(rest) >= 8:
        fragment = int.from_bytes(rest[2:4], "big")
        fields |= {"fragment_offset": fragment & 0xfff8, "more_fragments": bool(fragment & 1)}
        protocol, rest = rest[0], rest[8:]
    fields["protocol"] = protocol
    return fields, None if fields["fragment_offset"] else IP_PROTOCOLS.get(protocol), rest


def _tcp(data):
    """RFC 9293, section 3.1."""
    source, destination = struct.unpack_from(">HH", data)
    header_length = (data[12] >> 4) * 4
    if header_length < 20:
        return None
    return {"src_port": source, "dst_port": destination, "flags": data[13]}, None, data[header_length:]


def _udp(data):
    """RFC 768; `length` counts the header, too."""
    source, destination, length = struct.unpack_from(">HHH", data)
    return {"src_port": source, "dst_port": destination, "length": length}, None, data[8:]


def _icmp(data):
    """RFC 792; RFC 4443 for IPv6."""
    return {"type": data[0], "code": data[1]}, None, data[4:]


def _ip(raw):
    return str(ipaddress.ip_address(raw))


# Name -> how it is read, and how many bytes it has at least.
LAYERS = {
    "ethernet": (_ethernet, 14),
    "vlan": (_vlan, 4),
    "arp": (_arp, 28),
    "ipv4": (_ipv4, 20),
    "ipv6": (_ipv6, 40),
    "tcp": (_tcp, 20),
    "udp": (_udp, 8),
    "icmp": (_icmp, 4),
    "icmpv6": (_icmp, 4),
}
