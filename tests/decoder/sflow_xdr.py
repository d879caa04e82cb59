"""XDR (RFC 4506) as sFlow uses it: a reader that never goes past the end of its part, and the basic types.

A type is a function that takes a Reader and returns a value for JSON.
"""

import ipaddress
import math
import struct
import uuid as uuid_module


class SflowError(ValueError):
    """Why the bytes are not exactly what the specification says. The text names the place, outermost first."""

    def within(self, place):
        return SflowError(f"{place}: {self}")


class Reader:
    """Bytes of `data` from `offset` up to `end`. Offsets in errors count from the start of the datagram."""

    def __init__(self, data, offset=0, end=None, any_padding=False):
        self.data = data
        self.offset = offset
        self.end = len(data) if end is None else end
        self.any_padding = any_padding

    def remaining(self):
        return self.end - self.offset

    def take(self, count):
        missing = count - self.remaining()
        if missing > 0:
            raise SflowError(f"{missing} bytes missing at offset {self.end}")
        start = self.offset
        self.offset += count
        return self.data[start:self.offset]

    def take_padded(self, count):
        """`count` bytes, and the zeros that fill them up to a multiple of four (RFC 4506, section 3)."""
        value = self.take(count)
        padding = self.take(-count % 4)
        if any(padding) and not self.any_padding:
            raise SflowError(f"padding is not zero at offset {self.offset - len(padding)}")
        return value

    def part(self, length):
        """The next `length` bytes, as a reader of their own."""
        if length % 4:
            raise SflowError(f"length {length} is not a multiple of 4")
        if length > self.remaining():
            raise SflowError(f"length is {length}, but {self.remaining()} bytes are left at offset {self.offset}")
        start = self.offset
        self.offset += length
        return Reader(self.data, start, self.offset, self.any_padding)

    def count(self, smallest):
        """The number of elements that follow, each of at least `smallest` bytes; checked before anybody reads them."""
        value = u32(self)
        if value * smallest > self.remaining():
            raise SflowError(f"{value} elements cannot be in the {self.remaining()} bytes that are left")
        return value

    def finish(self):
        if self.remaining():
            raise SflowError(f"{self.remaining()} bytes left over at offset {self.offset}")


def u8(reader):
    return reader.take(1)[0]


def u32(reader):
    return int.from_bytes(reader.take(4), "big")


def i32(reader):
    return int.from_bytes(reader.take(4), "big", signed=True)


def u64(reader):
    return int.from_bytes(reader.take(8), "big")


def f32(reader):
    raw = reader.take(4)
    value = struct.unpack(">f", raw)[0]
    if not math.isfinite(value):
        raise SflowError(f"{value} is not a finite number")
    # The shortest decimal that is this very float: 0.1, not 0.10000000149011612.
    return next(float(text) for text in (f"{value:.{digits}g}" for digits in range(1, 10))
                if struct.pack(">f", float(text)) == raw)


def string(maximum):
    """string<maximum>: a number of bytes, the bytes, and zeros up to a multiple of four."""

    def read(reader):
        length = u32(reader)
        if length > maximum:
            raise SflowError(f"{length} bytes, but at most {maximum} are allowed")
        value = reader.take_padded(length)
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            raise SflowError(f"not UTF-8: {value.hex()}") from None
        if "\0" in text:
            raise SflowError(f"a NUL in the text: {value.hex()}")
        return text

    return read


# For string<> and opaque<>: no datagram is larger than a UDP payload.
UNLIMITED = 65535


def opaque(reader):
    """opaque<>, as bytes."""
    length = u32(reader)
    if length > reader.remaining():
        raise SflowError(f"{length} bytes, but {reader.remaining()} are left")
    return reader.take_padded(length)


def mac(reader):
    """opaque[6], so two zero bytes follow."""
    return reader.take_padded(6).hex(":")


def uuid(reader):
    """opaque[16]: a fixed length, so no length on the wire (sFlow errata)."""
    return str(uuid_module.UUID(bytes=bytes(reader.take(16))))


def ip_v4(reader):
    return str(ipaddress.IPv4Address(bytes(reader.take(4))))


def ip_v6(reader):
    return str(ipaddress.IPv6Address(bytes(reader.take(16))))


def address(reader):
    """union address; nothing for UNKNOWN, which is allowed where a next hop may not exist."""
    return _address(reader, {0: lambda _: None, 1: ip_v4, 2: ip_v6})


def known_address(reader):
    return _address(reader, {1: ip_v4, 2: ip_v6})


def _address(reader, types):
    kind = u32(reader)
    if kind not in types:
        raise SflowError(f"address type {kind} is not one of {', '.join(map(str, types))}")
    return types[kind](reader)


def array(element, smallest=4):
    """element<>: a number of elements, then the elements."""
    return lambda reader: [element(reader) for _ in range(reader.count(smallest))]


def record(fields):
    """struct { ... }, from rows of (type, "names of the fields that have it"), in the order on the wire. A row without
    names is a type that reads several fields and returns them as a dict."""

    def read(reader):
        values = {}
        for kind, names in fields:
            if names is None:
                values.update(kind(reader))
                continue
            for name in names.split():
                values[name] = named(name, kind, reader)
        return values

    return read


def named(name, kind, reader):
    """Reads one field; an error says which."""
    try:
        return kind(reader)
    except SflowError as error:
        raise error.within(f"field {name}") from None
