"""A strict decoder of sFlow version 5 datagrams: decode(bytes) -> dict, or SflowError that names the place.

It judges encoders, so it takes nothing that is not exactly what the published structures say: every length is exact,
nothing is left over at any level, padding is zero. Records and samples that it does not know are kept as hex. It shares
nothing with the encoder that it judges.
"""

from sflow_structures import COUNTER_RECORDS, FLOW_RECORDS
from sflow_xdr import Reader, SflowError, known_address, named, record, u32

__all__ = ["SflowError", "decode"]

VERSION = 5

# sFlowDataSource: ifIndex, smonVlanDataSource, entPhysicalEntry (sflow_version_5.txt), entLogicalEntry (sflow_host.txt)
SOURCE_TYPES = range(4)
# sflow_version_5.txt, interface: ifIndex, reason of a discard, number of destinations
INTERFACE_FORMATS = range(3)


def decode(datagram, any_padding=False):
    """The datagram as plain values for JSON. With `any_padding` the bytes that fill up to a multiple of four are not
    looked at: ovs-vswitchd 3.1 leaves old ones behind sampled headers, where XDR wants zeros."""
    reader = Reader(bytes(datagram), any_padding=any_padding)
    version = named("version", u32, reader)
    if version != VERSION:
        raise SflowError(f"version {version} is not {VERSION}")
    values = record([(known_address, "agent_address"), (u32, "sub_agent_id sequence_number uptime")])(reader)
    values["samples"] = _parts(reader, "sample", SAMPLES)
    reader.finish()
    return values


def _parts(reader, what, structures):
    """`what`<>, where each is a data_format, a length, and so many bytes of that structure."""
    count = named(f"number of {what}s", lambda r: r.count(8), reader)
    return [_part(reader, f"{what} {number}", structures) for number in range(1, count + 1)]


def _part(reader, place, structures):
    try:
        data_format = named("format", u32, reader)
        length = named("length", u32, reader)
        key = data_format >> 12, data_format & 0xfff
        name, read = structures.get(key, ("unknown", None))
        place += f" ({name})" if read else f" ({key[0]}:{key[1]})"
        body = reader.part(length)
        if read is None:
            return {"type": name, "enterprise": key[0], "format": key[1], "raw": body.take(length).hex()}
        values = {"type": name} | read(body)
        body.finish()
        return values
    except SflowError as error:
        raise error.within(place) from None


def _source(kind, index):
    if kind not in SOURCE_TYPES:
        raise SflowError(f"field source_id: type {kind} is not defined")
    return {"source_id_type": kind, "source_id_index": index}


def compact_source(reader):
    value = named("source_id", u32, reader)
    return _source(value >> 24, value & 0xffffff)


def expanded_source(reader):
    return _source(named("source_id_type", u32, reader), named("source_id_index", u32, reader))


def _interface(kind, value):
    if kind not in INTERFACE_FORMATS:
        raise SflowError(f"format {kind} is not defined")
    return {"format": kind, "value": value}


def compact_interface(reader):
    value = u32(reader)
    return _interface(value >> 30, value & 0x3fffffff)


def expanded_interface(reader):
    return _interface(u32(reader), u32(reader))


def _records(structures):
    table = {(enterprise, number): (name, record(fields)) for name, enterprise, number, fields in structures}
    return lambda reader: {"records": _parts(reader, "record", table)}


def _constant(**values):
    return lambda reader: values


FLOWS = (_records(FLOW_RECORDS), None)
COUNTERS = (_records(COUNTER_RECORDS), None)
SEQUENCE = (u32, "sequence_number")
RATES = (u32, "sampling_rate sample_pool drops")
COMPACT = (_constant(expanded=False), None)
EXPANDED = (_constant(expanded=True), None)

# Name, enterprise, format, fields, as in sflow_structures.py.
SAMPLE_STRUCTURES = [
    ("flow", 0, 1, [COMPACT, SEQUENCE, (compact_source, None), RATES, (compact_interface, "input output"), FLOWS]),
    ("counters", 0, 2, [COMPACT, SEQUENCE, (compact_source, None), COUNTERS]),
    ("flow", 0, 3, [EXPANDED, SEQUENCE, (expanded_source, None), RATES, (expanded_interface, "input output"), FLOWS]),
    ("counters", 0, 4, [EXPANDED, SEQUENCE, (expanded_source, None), COUNTERS]),
    ("discarded_packet", 0, 5, [
        EXPANDED, SEQUENCE, (expanded_source, None), (u32, "drops input_ifindex output_ifindex reason"), FLOWS]),
]
SAMPLES = {(enterprise, number): (name, record(fields)) for name, enterprise, number, fields in SAMPLE_STRUCTURES}
