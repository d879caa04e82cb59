"""Both daemons are killed again and again, at any moment; SFLOW_KILLS says how often."""

import contextlib
import os
import random
import subprocess

import pytest

from testbed import (DEADLINE, SHARED_FILE, SLOW, Collector, appctl, hsflowd_config, publish, settings, sflow_of, shared_keys,
                     vsctl, wait_for)

KILLS = int(os.environ.get("SFLOW_KILLS", "40"))
BRIDGES = [f"br{number}" for number in range(20)]
pytestmark = pytest.mark.timeout(60 + 2 * KILLS * SLOW)


def kill_soon(daemon, chance, longest):
    """After a random time, which the start of the daemon is part of."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        daemon.process.wait(chance.random() * longest)
        raise AssertionError(f"it has ended by itself:\n{daemon.text()}")
    daemon.kill()


def test_whenever_sflowovsd_is_killed_the_database_has_whole_rows_only(bed):
    bed.ovsdb_server()
    for name in BRIDGES:
        vsctl("add-br", name)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    publish(settings(sampling=1))
    daemon = bed.sflowovsd()
    for number in range(KILLS):
        publish(settings(sampling=100 + number, revision=2 + number))
        if number % 4 == 0:
            vsctl("clear", "bridge", chance.choice(BRIDGES), "sflow")
        kill_soon(daemon, chance, 0.04 * SLOW)
        for line in vsctl("--bare", "--columns=targets,external_ids", "list", "sflow").splitlines():
            assert line in ("", "127.0.0.1:6343", "managed-by=sflowovsd"), line
        daemon.start()
    wait_for(lambda: all((sflow_of(name) or {}).get("sampling") == 99 + KILLS for name in BRIDGES), "every bridge has the last settings")
    assert len(vsctl("--bare", "--columns=_uuid", "list", "sflow").split()) == 1
    assert appctl("sflow/plan") == "nothing to change\n"


def test_whenever_hsflowd_is_killed_the_shared_file_is_whole_and_its_state_is_read_again(bed, addresses):
    collector = Collector()
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    daemon = bed.hsflowd(hsflowd_config(collector))
    wait_for(SHARED_FILE.exists, "the first shared file")
    for number in range(KILLS):
        publish(hsflowd_config(collector, f"headerBytes = {64 + number % 64}"), bed.directory / "hsflowd.conf")
        kill_soon(daemon, chance, 0.08 * SLOW)
        keys = shared_keys()
        assert keys["rev_start"] == keys["rev_end"] and keys["collector"].startswith("127.0.0.1 ")
        daemon.start()
    wait_for(lambda: shared_keys()["header"] == str(64 + (KILLS - 1) % 64), "the last settings")
    collector.drain()
    assert collector.receive(DEADLINE)["agent_address"] == shared_keys()["agentIP"]
    assert "unreadable" not in daemon.text()
    collector.close()
