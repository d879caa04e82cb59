"""Every file that hsflowd publishes, as programs that are older than it read it."""

import re

import pytest

from old_readers import ALL, JavaAgent, OldSflowovsd, Rejected, WebServer
from testbed import SHARED_FILE, run, settings, shared_keys, status, status_is_served, wait_for, written

# In this order (docs/auto-file.md).
KEYS = ["rev_start", "hostname", "sampling", "header", "datagram", "polling", "sampling.", "polling.", "collector",
        "ovs.collector", "agentIP", "agent", "ovs.takeover", "ds_index", "rev_end"]


def document(*collectors, more=""):
    return "sflow {\n" + "".join(f"  collector {{ {words} }}\n" for words in collectors) + more + "\n}\n"


TWELVE = [f"ip = 192.0.2.{last}" for last in range(30, 42)]

# What is configured, and the collectors that each reader is to see.
CONFIGURATIONS = [
    (document("ip = 192.0.2.9"), [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", "ip = 2001:db8::9 udpport = 6344"), [("192.0.2.9", 6343), ("2001:db8::9", 6344)]),
    (document("ip = 2001:db8::9 udpport = 6344", "ip = 192.0.2.9", "ip = 127.0.0.1 udpport = 1"),
     [("127.0.0.1", 1), ("192.0.2.9", 6343), ("2001:db8::9", 6344)]),
    (document("ip = 192.0.2.9", more="sampling = 10M polling = 300 headerBytes = 256 datagramBytes = 8192"),
     [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="sampling = 0 polling = 1"), [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="sampling = 0 polling = 0"), [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="sampling.http = 50 polling.http = 5 sampling.1G = 1000 sampling.app.part = 9"),
     [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="agentIP = 203.0.113.77"), [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="agentIP = 2001:db8::77 agent = eth7"), [("192.0.2.9", 6343)]),
    (document("ip = 192.0.2.9", more="agent = lo ovs { takeover = on }"), [("192.0.2.9", 6343)]),
    (document(*TWELVE[:10]), [(f"192.0.2.{last}", 6343) for last in range(30, 40)]),
    (document(*TWELVE), [(f"192.0.2.{last}", 6343) for last in range(30, 40)]),
]


def order_of(text):
    keys = [line.split("=", 1)[0] for line in text.splitlines()[1:]]
    known = [next(i for i, name in enumerate(KEYS) if key == name or (name.endswith(".") and key.startswith(name)))
             for key in keys]
    return known == sorted(known)


def all_read(text, collectors):
    """All readers take the file and see the same in it."""
    assert text.startswith("# ") and text.endswith("\n") and "\r" not in text and "\t" not in text
    assert order_of(text), text
    assert all(re.fullmatch(r"[^=\s]+=\S.*", line) for line in text.splitlines()[1:]), text
    web, java, ovs = (reader.read(text) for reader in ALL)
    keys = dict(line.split("=", 1) for line in text.splitlines()[1:])
    assert web["collectors"] == java["collectors"] == collectors
    off = keys["sampling"] == keys["polling"] == "0"
    assert ovs["collectors"] == ([] if off else collectors)
    assert web["revision"] == java["revision"] == ovs["revision"]
    assert web["agentIP"] == java["agentIP"] == keys["agentIP"]
    assert web["ds_index"] == java["ds_index"] == 1
    assert (ovs["sampling"], ovs["polling"], ovs["header"]) == tuple(int(keys[key]) for key in ("sampling", "polling", "header"))
    assert web["sampling"] == int(keys.get("sampling.http", keys["sampling"]))
    assert web["polling"] == int(keys.get("polling.http", keys["polling"]))
    assert java["polling"] == int(keys["polling"])
    return web["revision"]


def test_old_readers_take_every_file_that_is_published_and_revisions_rise_by_one(bed, addresses):
    daemon = bed.hsflowd(CONFIGURATIONS[0][0])
    daemon.tolerate("collector .*: send: ")
    wait_for(SHARED_FILE.exists, "the first file")
    for revision, (text, collectors) in enumerate(CONFIGURATIONS, 1):
        if revision > 1:
            daemon.reload(text)
        # The revision says that no file was missed.
        assert all_read(SHARED_FILE.read_text(), collectors) == revision
        before = written()
        daemon.reload()
        assert written() == before, "unchanged settings write nothing"


def test_a_restart_goes_on_from_the_file_that_is_there_in_any_order_of_collectors(bed, addresses):
    for text, _ in CONFIGURATIONS[2], CONFIGURATIONS[11]:
        first = bed.hsflowd(text)
        first.tolerate("collector .*: send: ")
        wait_for(status_is_served, "the first daemon")
        assert status()["settings"]["revision"] == int(shared_keys()["rev_start"])
        before = written()
        first.stop()
        second = bed.hsflowd(text)
        second.tolerate("collector .*: send: ")
        wait_for(status_is_served, "the second daemon")
        assert status()["settings"]["revision"] == int(shared_keys()["rev_start"])
        assert written() == before
        second.stop()


def test_old_readers_take_what_an_address_change_publishes(bed, addresses):
    daemon = bed.hsflowd(CONFIGURATIONS[0][0])
    daemon.tolerate("collector .*: send: ")
    wait_for(SHARED_FILE.exists, "the first file")
    for revision, address in enumerate(["192.0.2.101", "192.0.2.102"], 2):
        run("bash", "-c", f"ip -batch - << END\naddr flush dev mgmt0 scope global\naddr add {address}/24 dev mgmt0\nEND")
        wait_for(lambda: shared_keys()["agentIP"] == address, "the new address")
        all_read(SHARED_FILE.read_text(), [("192.0.2.9", 6343)])


def test_a_file_that_was_removed_is_written_again_at_a_reload(bed, addresses):
    daemon = bed.hsflowd(CONFIGURATIONS[0][0])
    daemon.tolerate("collector .*: send: ")
    wait_for(SHARED_FILE.exists, "the first file")
    SHARED_FILE.unlink()
    daemon.reload()
    assert all_read(SHARED_FILE.read_text(), CONFIGURATIONS[0][1]) == 2


@pytest.mark.parametrize("reader", ALL)
@pytest.mark.parametrize("break_it", [
    lambda text: text.replace("rev_end=1\n", ""),
    lambda text: text.replace("rev_end=1", "rev_end=2"),
    lambda text: text.replace("collector=127.0.0.1", "collector=127.0.0.1/6343/eth0/"),
], ids=["torn", "two-revisions", "host-sflow's long form of a collector"])
def test_the_readers_can_refuse(reader, break_it):
    assert reader.read(settings())["collectors"] == [("127.0.0.1", 6343)]
    with pytest.raises(Rejected):
        reader.read(break_it(settings()))


def test_each_reader_refuses_what_only_it_refuses():
    eleven = settings(collectors=[f"192.0.2.{last}" for last in range(11)])
    with pytest.raises(Rejected):
        WebServer.read(eleven)
    assert len(JavaAgent.read(eleven)["collectors"]) == len(OldSflowovsd.read(eleven)["collectors"]) == 11
    with pytest.raises(Rejected):
        WebServer.read(settings().replace("agentIP=10.0.0.1\n", ""))
    with pytest.raises(Rejected):
        WebServer.read(settings(hostname="h" * 1016))
    assert WebServer.read(settings(hostname="h" * 1015))
    with pytest.raises(Rejected):
        JavaAgent.read(settings(collectors=["192.0.2.1  6343"]))
    with pytest.raises(Rejected):
        OldSflowovsd.read(settings().replace("agent=eth0\n", ""))
    with pytest.raises(Rejected):
        OldSflowovsd.read(settings(revision=0))
