"""sFlow datagrams out of a file: UDP payloads of a pcap capture, or hex lines."""

import struct

import sflow_packet

SFLOW_PORT = 6343

PCAP_BYTE_ORDER = {b"\xa1\xb2\xc3\xd4": ">", b"\xd4\xc3\xb2\xa1": "<",   # microseconds
                   b"\xa1\xb2\x3c\x4d": ">", b"\x4d\x3c\xb2\xa1": "<"}  # nanoseconds
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"

# Link types (tcpdump.org/linktypes.html): the outermost layer, and how many bytes come before the two of its ethertype
# or, with none, before the layer itself. RAW has IPv4 or IPv6, told apart by its first four bits.
ETHERNET, DLT_RAW, RAW, LINUX_SLL, IPV4, IPV6, LINUX_SLL2 = 1, 12, 101, 113, 228, 229, 276


class CaptureError(ValueError):
    """The file is not what it should be; the text says where."""


def read_hex(text):
    """One datagram a line; empty lines and lines that start with # do not count."""
    datagrams = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            datagrams.append(bytes.fromhex(line))
        except ValueError:
            raise CaptureError(f"line {number}: not hexadecimal") from None
    return datagrams


def read_pcap(data, port=SFLOW_PORT):
    """The payloads of UDP packets to `port`, in their order."""
    datagrams = []
    for number, (link, packet) in enumerate(_packets(data), 1):
        try:
            payload = _udp_payload(link, packet, port)
        except CaptureError as error:
            raise CaptureError(f"packet {number}: {error}") from None
        if payload is not None:
            datagrams.append(payload)
    return datagrams


def _packets(data):
    if data[:4] == PCAPNG_MAGIC:
        raise CaptureError("pcapng; only classic pcap is read here (tcpdump -w, or editcap -F pcap)")
    order = PCAP_BYTE_ORDER.get(data[:4])
    if order is None or len(data) < 24:
        raise CaptureError("not a pcap file")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0x0fffffff
    offset = 24
    number = 0
    while offset < len(data):
        number += 1
        if len(data) - offset < 16:
            raise CaptureError(f"packet {number}: cut off")
        captured = struct.unpack_from(order + "I", data, offset + 8)[0]
        offset += 16
        if captured > len(data) - offset:
            raise CaptureError(f"packet {number}: cut off")
        yield link, data[offset:offset + captured]
        offset += captured


def _outermost(link, packet):
    if link == ETHERNET:
        return "ethernet", packet
    if link == LINUX_SLL:
        return sflow_packet.ETHERTYPES.get(int.from_bytes(packet[14:16], "big")), packet[16:]
    if link == LINUX_SLL2:
        return sflow_packet.ETHERTYPES.get(int.from_bytes(packet[0:2], "big")), packet[20:]
    if link in (DLT_RAW, RAW, IPV4, IPV6):
        return "ipv6" if packet[:1] and packet[0] >> 4 == 6 else "ipv4", packet
    raise CaptureError(f"link type {link} is not supported")


def _udp_payload(link, packet, port):
    layers, payload = sflow_packet.dissect(*_outermost(link, packet))
    udp = layers.get("udp")
    if udp is None or udp["dst_port"] != port:
        return None
    if layers.get("ipv4", layers.get("ipv6"))["more_fragments"]:
        raise CaptureError("an IP fragment; fragments are not put together here")
    if udp["length"] != len(payload) + 8:
        raise CaptureError(f"{len(payload)} of {udp['length'] - 8} bytes of the datagram were captured")
    return payload
