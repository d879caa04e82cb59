#!/usr/bin/python3
"""Prints sFlow datagrams as JSON, one line each; stops with exit code 1 at the first that is not exactly well-formed.

    sflow_decode.py capture.pcap            datagrams to UDP port 6343 (or --port) in a classic pcap file
    sflow_decode.py --hex datagrams.hex     one datagram in hexadecimal a line, # for comments
    sflow_decode.py --port 6343 --count 5 --seconds 10
                                            listens; fewer than --count datagrams within --seconds is an error, too
"""

import argparse
import json
import pathlib
import socket
import sys
import time

import sflow
import sflow_capture


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pcap", nargs="?", type=pathlib.Path, help="classic pcap file")
    parser.add_argument("--hex", type=pathlib.Path, metavar="FILE", help="file with one hexadecimal datagram a line")
    parser.add_argument("--port", type=int, help="UDP port; 0 takes a free one")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--any-padding", action="store_true",
                        help="accept padding that is not zero, as ovs-vswitchd sends it")
    parser.add_argument("--count", type=int, metavar="N", help="end after N datagrams")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    options = parser.parse_args()
    if options.pcap and options.hex or not (options.pcap or options.hex or options.port is not None):
        parser.error("one of a pcap file, --hex or --port is needed")
    return options


def received(options):
    """Datagrams as they arrive. Where it listens is on stderr before the first can come in."""
    deadline = None if options.seconds is None else time.monotonic() + options.seconds
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind((options.address, options.port))
        address, port = receiver.getsockname()[:2]
        print(f"listening on {address} port {port}", file=sys.stderr, flush=True)
        number = 0
        while options.count is None or number < options.count:
            timeout = None if deadline is None else deadline - time.monotonic()
            if timeout is not None and timeout <= 0:
                break
            receiver.settimeout(timeout)
            try:
                datagram = receiver.recv(65536)
            except TimeoutError:
                break
            number += 1
            yield datagram
    if options.count is not None and number < options.count:
        raise sflow_capture.CaptureError(f"{number} of {options.count} datagrams in {options.seconds:g} s")


def datagrams(options):
    if options.hex:
        return sflow_capture.read_hex(options.hex.read_text())[:options.count]
    if options.pcap:
        port = sflow_capture.SFLOW_PORT if options.port is None else options.port
        return sflow_capture.read_pcap(options.pcap.read_bytes(), port)[:options.count]
    return received(options)


def main():
    options = arguments()
    number = 0
    try:
        for number, datagram in enumerate(datagrams(options), 1):
            print(json.dumps(sflow.decode(datagram, options.any_padding)), flush=True)
    except sflow.SflowError as error:
        sys.exit(f"datagram {number}: {error}")
    except (sflow_capture.CaptureError, OSError, UnicodeDecodeError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
