"""A DNS server that answers whatever a test wants, byte by byte, over UDP and TCP."""

import contextlib
import socket
import struct
import threading

ADDRESS = "127.0.0.1"
A, NS, CNAME, SOA, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 16, 28, 33, 41
QUESTION_NAME = b"\xc0\x0c"  # a pointer to where the name of the question begins (RFC 1035, section 4.1.4)
RESPONSE, TRUNCATED, RECURSION, AUTHENTIC = 0x8000, 0x0200, 0x0180, 0x0020


class Question:
    """What was asked, and what an honest answer to it needs."""

    def __init__(self, packet, transport):
        self.packet = packet
        self.transport = transport
        self.id, self.flags = struct.unpack("!HH", packet[:4])
        end = packet.index(b"\0", 12) + 1
        self.name = packet[12:end]
        self.type, = struct.unpack("!H", packet[end:end + 2])
        self.section = packet[12:end + 4]
        self.has_edns = packet[11] > 0

    def text(self):
        labels, rest = [], self.name
        while rest[0]:
            labels.append(rest[1:rest[0] + 1].decode().lower())
            rest = rest[rest[0] + 1:]
        return ".".join(labels)

    def reply(self, answers=(), authorities=(), rcode=0, flags=0, id=None, section=None, counts=None):
        counts = counts or (1, len(answers), len(authorities), 0)
        return (struct.pack("!HH4H", self.id if id is None else id, RESPONSE | RECURSION | flags | rcode, *counts)
                + (self.section if section is None else section) + b"".join(answers) + b"".join(authorities))


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def record(type, data, ttl=1, owner=QUESTION_NAME, length=None, record_class=1):
    return owner + struct.pack("!HHIH", type, record_class, ttl, len(data) if length is None else length) + data


def srv(target, port, owner=QUESTION_NAME):
    return record(SRV, struct.pack("!HHH", 0, 0, port) + (name(target) if isinstance(target, str) else target), owner=owner)


def txt(*strings):
    return record(TXT, b"".join(bytes([len(s)]) + s for s in (s if isinstance(s, bytes) else s.encode() for s in strings)))


def soa(minimum=1, owner=QUESTION_NAME):
    return record(SOA, name("ns") + name("hostmaster") + struct.pack("!5I", 1, 1, 1, 1, minimum), owner=owner)


class Stub:
    """`behave(question)` returns the bytes to answer with, or nothing for silence."""

    def __init__(self, behave):
        self.behave = behave
        self.questions = []  # all that came
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((ADDRESS, 53))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((ADDRESS, 53))
        self.tcp.listen()
        self.threads = [threading.Thread(target=serve, daemon=True) for serve in (self.serve_udp, self.serve_tcp)]
        for thread in self.threads:
            thread.start()

    def answer(self, packet, transport):
        question = Question(packet, transport)
        self.questions.append(question)
        return self.behave(question)

    def serve_udp(self):
        while True:
            try:
                packet, sender = self.udp.recvfrom(65535)
            except OSError:
                return
            if sender is None or not packet:
                return
            answer = self.answer(packet, "udp")
            if answer is not None:
                self.udp.sendto(answer, sender)

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_connection, args=(connection,), daemon=True).start()

    def serve_connection(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(size := stream.read(2)) == 2:
                answer = self.answer(stream.read(int.from_bytes(size, "big")), "tcp")
                if answer is None:
                    return
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    def close(self):
        for one in (self.udp, self.tcp):
            with contextlib.suppress(OSError):  # it wakes the thread all the same
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self.threads:
            thread.join()
