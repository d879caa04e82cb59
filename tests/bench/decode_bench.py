"""How fast `hsflowd decode` is: one JSON line.

    BUILD_DIR=build/release /usr/bin/python3 tests/bench/decode_bench.py [--base HSFLOWD] [--datagrams N]

Decodes a capture file with N (60,000) datagrams: those that ovs-vswitchd sent in tests/decoder/fixtures/ovs-3.1.hex, again and again.
The output goes to /dev/null. Datagrams per second of CPU time (user and system), the best of three runs; with --base also those of
another hsflowd, in turn with the first, and the ratio.
"""

import argparse
import json
import os
import pathlib
import resource
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HSFLOWD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build/release")) / "hsflowd/hsflowd"
RUNS = 3


def write_capture(path, count):
    lines = (ROOT / "tests/decoder/fixtures/ovs-3.1.hex").read_text().splitlines()
    packets = []
    for payload in (bytes.fromhex(line) for line in lines if not line.startswith("#")):
        udp = struct.pack(">HHHH", 50000, 6343, 8 + len(payload), 0) + payload
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
        packets.append(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number in range(count):
            file.write(packets[number % len(packets)])


def seconds(hsflowd, capture):
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    subprocess.run([hsflowd, "decode", capture], check=True, stdout=subprocess.DEVNULL)
    return used() - before


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base")
    parser.add_argument("--datagrams", type=int, default=60_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        capture = pathlib.Path(directory) / "capture.pcap"
        write_capture(capture, arguments.datagrams)
        programs = {"hsflowd": HSFLOWD} | ({"base": arguments.base} if arguments.base else {})
        best = {name: float("inf") for name in programs}
        for _ in range(RUNS):
            for name, program in programs.items():
                best[name] = min(best[name], seconds(program, capture))
    rates = {name: round(arguments.datagrams / best[name]) for name in programs}
    print(json.dumps({"bench": "decode", "datagrams": arguments.datagrams, "per_cpu_second": rates}
                     | ({"ratio": round(rates["hsflowd"] / rates["base"], 2)} if arguments.base else {})))


if __name__ == "__main__":
    main()
