"""DNS-SD with a server that answers anything: no answer, however broken, stops monitoring or ends hsflowd."""

import functools
import re
import struct
import subprocess

import pytest

import dns_stub
from dns_server import resolv_conf
from dns_stub import AUTHENTIC, QUESTION_NAME, SRV, TRUNCATED, TXT, Stub, name, record, soa, srv, txt
from testbed import HSFLOWD, SHARED_FILE, shared_keys, status, wait_for, written

PORT = 16343
CONFIG = """sflow {{
  agentIP = 192.0.2.1
  dns-sd {{ domain = example.com  min-ttl = 1  start-delay = 0  {more} }}
}}
"""


def good(sampling, flags=0):
    """An honest server of one collector and one rate."""
    def behave(question):
        if question.type == SRV:
            return question.reply([srv("127.0.0.1", PORT)], flags=flags)
        return question.reply([txt("txtvers=1", f"sampling={sampling}")], flags=flags)
    return behave


@pytest.fixture
def stub(tmp_path):
    with resolv_conf(tmp_path, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"):
        server = Stub(good(50))
        yield server
        server.close()


def wait_for_sampling(value):
    wait_for(lambda: SHARED_FILE.exists() and shared_keys()["sampling"] == str(value), f"sampling={value}")


@pytest.fixture
def daemon(bed, stub):
    """hsflowd with the records of a correct server active."""
    stub.behave = good(50)
    daemon = bed.hsflowd(CONFIG.format(more=""))
    daemon.tolerate("DNS-SD: ")
    wait_for_sampling(50)
    return daemon


def service(answer):
    """That answer to SRV, an honest one to TXT."""
    return lambda question: answer(question) if question.type == SRV else good(50)(question)


def pointer(offset):
    return struct.pack("!H", 0xc000 | offset)


# Offset of the first answer's owner name in a reply to a question for _sflow._udp.example.com.
ANSWER_AT = 12 + len(name("_sflow._udp.example.com")) + 4
DATA_AT = ANSWER_AT + 2 + 10
MALFORMED = "malformed DNS message"
LOOP = "a compressed name that does not lead backwards"
RESOLVER = r"\S"  # what c-ares says of it, in words and with a reason that depend on its version


@functools.cache
def resolver_reads_answers():
    """c-ares 1.18 (Debian 12) hands over any answer. 1.27 (Ubuntu 24.04) reads it first, asks again if it is malformed, and reports that in its own words."""
    printed = subprocess.run([HSFLOWD, "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"c-ares (\d+)\.(\d+)", printed).groups())) >= (1, 27)


BAD = {
    "silence": (lambda q: None, RESOLVER),
    "SERVFAIL": (service(lambda q: q.reply(rcode=2)), RESOLVER),
    "SERVFAIL with records": (service(lambda q: q.reply([srv("127.0.0.9", 1)], rcode=2)), RESOLVER),
    "REFUSED": (service(lambda q: q.reply(rcode=5)), RESOLVER),
    "NOTIMP": (service(lambda q: q.reply(rcode=4)), RESOLVER),
    "FORMERR": (service(lambda q: q.reply(rcode=1)), "error code 1"),
    "an unassigned rcode": (service(lambda q: q.reply(rcode=15)), "error code 15"),
    "wrong id": (service(lambda q: q.reply([srv("127.0.0.9", 1)], id=q.id ^ 0x5555)), RESOLVER),
    "wrong question": (service(lambda q: q.reply([srv("127.0.0.9", 1)], section=name("_sflow._udp.example.org") + b"\0\x21\0\1")), RESOLVER),
    "wrong type of question": (service(lambda q: q.reply([srv("127.0.0.9", 1)], section=q.name + b"\0\x01\0\1")), RESOLVER),
    "no question": (service(lambda q: q.reply([srv("127.0.0.9", 1, owner=q.name)], section=b"", counts=(0, 1, 0, 0))), RESOLVER),
    "its own question back": (service(lambda q: q.packet), RESOLVER),
    "nothing": (service(lambda q: b""), RESOLVER),
    "half a header": (service(lambda q: q.reply()[:7]), RESOLVER),
    "noise": (service(lambda q: q.packet[:2] + b"\xa5" * 300), RESOLVER),
    "truncation for ever": (service(lambda q: q.reply([srv("127.0.0.9", 1)], flags=TRUNCATED)), "truncated by the server"),
    "truncation and a dead TCP": (service(lambda q: q.reply(flags=TRUNCATED) if q.transport == "udp" else None), RESOLVER),
    "a name that is its own end": (service(lambda q: q.reply([record(SRV, b"", owner=pointer(ANSWER_AT))])), LOOP),
    "a target that points to itself": (service(lambda q: q.reply([srv(pointer(DATA_AT + 6), 1)])), LOOP),
    "two names that point to each other": (
        service(lambda q: q.reply([srv(pointer(DATA_AT + 8) + pointer(DATA_AT + 6), 1)])), LOOP),
    "a pointer behind the end": (service(lambda q: q.reply([srv(pointer(0x3fff), 1)])), LOOP),
    "a label of a reserved kind": (service(lambda q: q.reply([srv(b"\x80\0", 1)])), "unknown form"),
    "a name of a thousand bytes": (service(lambda q: q.reply([srv(b"\x3f" + b"x" * 63 + (b"\x3f" + b"x" * 63) * 15 + b"\0", 1)])), "too long"),
    "a record longer than the answer": (service(lambda q: q.reply([record(SRV, b"\0" * 6, length=65535)])), "cut short"),
    "a record longer than its type": (service(lambda q: q.reply([record(SRV, b"\0" * 6 + name("c1") + b"more")])), "longer than its type"),
    "an empty SRV": (service(lambda q: q.reply([record(SRV, b"")])), "cut short"),
    "more records announced than there": (service(lambda q: q.reply([srv("127.0.0.9", 1)], counts=(1, 65535, 65535, 65535))), "cut short"),
    "an alias to itself": (service(lambda q: q.reply([record(dns_stub.CNAME, QUESTION_NAME)])), "aliases in a circle"),
    "an alias that nobody followed": (service(lambda q: q.reply([record(dns_stub.CNAME, name("elsewhere.example.org"))])), "does not follow the alias"),
    "a referral": (service(lambda q: q.reply([], [record(dns_stub.NS, name("ns.example.org"))])), "refers to others"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_answer_keeps_what_is_in_force_and_a_good_one_is_taken_after_it(bed, daemon, stub, bad):
    behave, said = BAD[bad]
    before = written()
    stub.behave = behave
    daemon.reload()
    daemon.expect_log(f"warning: DNS-SD: _sflow._udp.example.com SRV: .*({RESOLVER if resolver_reads_answers() else said})")
    assert written() == before
    stub.behave = good(20)
    daemon.reload()
    wait_for_sampling(20)


def test_a_bad_txt_costs_no_collector_and_keeps_the_settings_in_force(bed, daemon, stub):
    stub.behave = lambda q: q.reply([srv("127.0.0.2", PORT)]) if q.type == SRV else q.reply([record(TXT, b"\x05a")])
    daemon.reload()
    wait_for(lambda: f"collector=127.0.0.2 {PORT}\n" in SHARED_FILE.read_text(), "the new collector")
    assert shared_keys()["sampling"] == "50"
    said = RESOLVER + ".*" if resolver_reads_answers() else r"malformed DNS message: byte \d+: cut short: needs 5 bytes, has 1"
    problem = wait_for(lambda: status()["dns_sd"]["problem"], "the problem")
    assert re.fullmatch(rf"_sflow\._udp\.example\.com TXT: {said}", problem)


def test_an_answer_cut_at_every_byte_changes_nothing(bed, daemon, stub):
    before = written()
    whole = None
    def cut_srv(question):
        nonlocal whole
        if question.type != SRV:
            return good(50)(question)
        whole = question.reply([srv("127.0.0.9", PORT), srv("127.0.0.8", PORT)])
        return whole[:size]
    stub.behave = cut_srv
    size = 0
    while whole is None or size < len(whole):
        asked = len(stub.questions)
        daemon.process.send_signal(1)
        wait_for(lambda: len(stub.questions) >= asked + 2, "the questions")
        wait_for(lambda: answered(size), f"the end of {size} bytes")
        size += 1
    assert size > 90
    assert written() == before
    stub.behave = good(20)
    daemon.reload()
    wait_for_sampling(20)


def answered(size):
    """What has a header and its question is an answer to c-ares; the rest leaves the question open."""
    about = status()["dns_sd"]
    return size < ANSWER_AT or resolver_reads_answers() or (about["next_ms"] is not None and about["problem"] is not None)


def test_an_answer_of_64_kib_over_tcp_is_read_and_what_it_can_cost_is_bounded(bed, daemon, stub):
    strings = [f"sampling.application-{number:05}=7" for number in range(65000 // 32)]
    def behave(question):
        if question.type == SRV:
            return good(50)(question)
        if question.transport == "udp":
            return question.reply(flags=TRUNCATED)
        answer = question.reply([txt("sampling=20", *strings)])
        return answer + b"\0" * (65535 - len(answer))
    stub.behave = behave
    daemon.reload()
    wait_for_sampling(20)
    assert shared_keys()["sampling.application-00200"] == "7"
    assert len(SHARED_FILE.read_text().splitlines()) < 300


def test_thousands_of_targets_do_not_become_thousands_of_collectors(bed, daemon, stub):
    many = [srv(f"127.1.{number // 200}.{number % 200}", PORT) for number in range(1500)]
    stub.behave = lambda q: (q.reply(many) if q.transport == "tcp" else q.reply(flags=TRUNCATED)) if q.type == SRV else good(50)(q)
    daemon.reload()
    wait_for(lambda: len(status()["collectors"]) == 32, "the first of them")


def test_texts_of_any_bytes_are_said_in_one_line_each_and_do_no_harm(bed, daemon, stub):
    texts = [b"", b"=", b"==", b"\n=\n", b"sampling=\n5", b"x" * 255, b"agent=\xff\xfe\n", b"polling=" + b"9" * 200, b"\x1b[2J=1",
             b"sampling.\n=5", b"header=-0", bytes(range(1, 200))]
    stub.behave = lambda q: good(50)(q) if q.type == SRV else q.reply([txt("sampling=20", *texts)])
    daemon.announce("DNS record _sflow._udp.example.com TXT: ")
    daemon.reload()
    wait_for_sampling(20)
    assert shared_keys()["polling"] == "30" and "\x1b" not in daemon.text() + SHARED_FILE.read_text()
    assert daemon.text().count("DNS record _sflow") == len(texts) - 1  # the empty one is none


def test_names_in_any_case_are_the_same_names(bed, daemon, stub):
    def behave(question):
        mixed = name("_SFLOW._Udp.eXample.COM")
        if question.type == SRV:
            return question.reply([record(dns_stub.CNAME, name("Other.Example.com"), owner=mixed),
                                   srv("127.0.0.2", PORT, owner=name("oTHER.eXAMPLE.com"))], section=mixed + b"\0\x21\0\1")
        return good(20)(question)
    stub.behave = behave
    daemon.reload()
    wait_for_sampling(20)
    assert f"collector=127.0.0.2 {PORT}\n" in SHARED_FILE.read_text()


def test_a_server_without_edns_is_asked_without(bed, daemon, stub):
    stub.behave = lambda q: q.reply(rcode=1) if q.has_edns else good(20)(q)
    daemon.reload()
    wait_for_sampling(20)


def test_nxdomain_counts_when_it_comes_twice_and_not_when_the_second_is_another_answer(bed, daemon, stub):
    absent = lambda q: q.reply([], [soa()], rcode=3)
    stub.behave = absent
    daemon.expect_log("if the next answer has none either")
    stub.behave = good(20)
    wait_for_sampling(20)
    stub.behave = absent
    daemon.expect_log("twice in a row; monitoring is switched off")
    wait_for(lambda: "collector=" not in SHARED_FILE.read_text(), "no collector")


def test_with_require_ad_only_what_the_resolver_authenticated_counts(bed, stub):
    stub.behave = good(50)
    daemon = bed.hsflowd(CONFIG.format(more="require-ad = on"))
    daemon.announce("DNS-SD: _sflow._udp.example.com SRV: the resolver did not authenticate the answer")
    daemon.expect_log("did not authenticate")
    assert not SHARED_FILE.exists()
    assert stub.questions and all(question.flags & AUTHENTIC for question in stub.questions)  # it asks to be told (RFC 6840, section 5.7)
    stub.behave = good(20, flags=AUTHENTIC)
    daemon.reload()
    wait_for_sampling(20)
    before = written()
    stub.behave = lambda q: q.reply([], [soa()], rcode=3)
    daemon.reload()
    daemon.expect_log("(?s)recovered.*did not authenticate")
    assert written() == before
