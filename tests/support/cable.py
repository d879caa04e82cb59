"""Guests without a hypervisor: the far ends of cables into ports of Open vSwitch."""

import re
import socket
import subprocess

from testbed import run, vsctl, wait_for

FRAME_BYTES = 500  # without the checksum, which sFlow counts


class Guest:
    """A cable into a port of a bridge, and who sends frames on it."""

    def __init__(self, bridge, name):
        self.bridge, self.name = bridge, name
        run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
        for end in name, f"{name}-end":
            run("sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
            run("ip", "link", "set", end, "up")
        vsctl("add-port", bridge, name, wait=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((f"{name}-end", 0))
        # An Ethernet frame for a station that nobody knows, of the EtherType for experiments (IEEE 802).
        self.frame = bytes.fromhex("020000000099" "020000000001" "88b5").ljust(FRAME_BYTES, b"\0")

    def received(self):
        """Frames that the bridge has taken from the port."""
        return int(re.search(r"rx pkts=(\d+)", run("ovs-ofctl", "dump-ports", self.bridge, self.name))[1])

    def is_up(self):
        """ovs-vswitchd has made the bridge and taken the port in."""
        done = subprocess.run(["ovs-ofctl", "dump-ports", self.bridge, self.name], text=True, capture_output=True)
        return "rx pkts=" in done.stdout

    def send(self, frames, at_once=100):
        """Sends no more than a port's queue takes, waits until the bridge has them, and so on."""
        before = self.received()
        for sent in range(0, frames, at_once):
            for _ in range(min(at_once, frames - sent)):
                self.socket.send(self.frame)
            wait_for(lambda: self.received() >= before + min(sent + at_once, frames), "the bridge has the frames")

    def close(self):
        self.socket.close()
        run("ip", "link", "del", self.name, check=False)
