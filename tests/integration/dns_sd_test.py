"""DNS-SD with a real DNS server: what the records say reaches collectors, the shared file and Open vSwitch."""

import json
import pathlib
import subprocess

import pytest

from dns_server import NameServer, SilentServer, copy_of_etc
from testbed import (HSFLOWD, ROOT, SHARED_FILE, Collector, add_bridge, run, sflow_of, shared_keys, status, text_of, vsctl,
                     wait_for, written)

PORT = 16343


def records(*texts, targets=("c1",), service="_sflow._udp"):
    """Lines of the zone: SRV for each target, at 127.0.0.1, .2 and so on, and one TXT record."""
    lines = [f"{service} SRV 0 0 {PORT} {target}" for target in targets]
    lines += [f"{target} A 127.0.0.{number}" for number, target in enumerate(targets, 1)]
    if texts:
        lines.append(f"{service} TXT " + " ".join(f'"{text}"' for text in texts))
    return "\n".join(lines)


def config(dns_sd="domain = example.com", more=""):
    return f"sflow {{\n agentIP = 192.0.2.1\n dns-sd {{ {dns_sd} min-ttl = 1 start-delay = 0 }}\n {more}\n}}\n"


def collectors():
    """The collector lines of the shared file; None while there is no file."""
    if not SHARED_FILE.exists():
        return None
    return [line.split("=", 1)[1] for line in SHARED_FILE.read_text().splitlines() if line.startswith("collector=")]


def wait_for_collectors(*addresses):
    wanted = [f"{address} {PORT}" for address in addresses]
    wait_for(lambda: collectors() == wanted, f"the collectors {wanted}")


def wait_for_key(key, value):
    wait_for(lambda: SHARED_FILE.exists() and shared_keys().get(key) == str(value), f"{key}={value} in the shared file")


@pytest.fixture
def collector():
    collector = Collector("127.0.0.1", PORT)
    yield collector
    collector.close()


def test_the_records_of_a_zone_reach_the_collector_the_shared_file_and_open_vswitch_and_so_does_a_change(ovs, dns, collector):
    dns.change(records("txtvers=1", "sampling=50", "polling=1", "header=64", "datagram=1000", "sampling.10G=1000"))
    add_bridge("br0")
    ovs.sflowovsd()
    ovs.hsflowd(config())
    assert collector.receive()["agent_address"] == "192.0.2.1"
    wait_for(lambda: sflow_of("br0"), "the bridge has sFlow")
    row = sflow_of("br0")
    assert (row["sampling"], row["polling"], row["header"], row["targets"]) == (50, 1, 64, f"127.0.0.1:{PORT}")
    keys = shared_keys()
    assert (keys["datagram"], keys["sampling.10G"]) == ("1000", "1000")
    dns.change(records("sampling=20", targets=("c1", "c2")))
    wait_for(lambda: sflow_of("br0")["targets"] == [f"127.0.0.1:{PORT}", f"127.0.0.2:{PORT}"], "the new collector")
    wait_for(lambda: sflow_of("br0")["sampling"] == 20, "the new rate")
    assert shared_keys()["polling"] == "30"


@pytest.mark.parametrize("domain", ["domain = example.com", "domain = .example.com", "domain = EXAMPLE.com."])
def test_the_domain_may_have_a_leading_dot_and_any_case(bed, dns, domain):
    dns.change(records())
    bed.hsflowd(config(domain))
    wait_for_collectors("127.0.0.1")


def test_the_deprecated_keys_work(bed, dns):
    dns.change(records("polling=7"))
    daemon = bed.hsflowd("sflow { agentIP = 192.0.2.1 DNSSD = on DNSSD_domain = .example.com }")
    daemon.announce("is deprecated")
    wait_for_collectors("127.0.0.1")
    assert shared_keys()["polling"] == "7"


def test_without_a_domain_the_search_list_is_asked_in_order(bed, dns, resolver):
    resolver.write_text("nameserver 127.0.0.1\nsearch empty.example.com sub.example.com example.com\n")
    dns.change(records(service="_sflow._udp.sub") + "\n_sflow._udp SRV 0 0 9 wrong\nwrong A 127.0.0.9\nx.empty A 127.0.0.1")
    bed.hsflowd(config(""))
    wait_for_collectors("127.0.0.1")


def test_a_new_search_list_is_noticed(bed, dns, tmp_path):
    dns.change(records())
    with copy_of_etc(tmp_path):
        file = pathlib.Path("/etc/resolv.conf")
        file.unlink()
        file.write_text("nameserver 127.0.0.1\nsearch nowhere.example.com\n")
        daemon = bed.hsflowd(config("").replace("min-ttl = 1", "min-ttl = 3600"))
        daemon.expect_log("no SRV records")
        new = file.with_suffix(".new")
        new.write_text("nameserver 127.0.0.1\nsearch example.com\n")
        new.rename(file)
        wait_for_collectors("127.0.0.1")
        daemon.stop()


def test_where_dns_is_silent_the_files_value_holds_then_the_default(bed, dns):
    dns.change(records("sampling=50"))
    bed.hsflowd(config(more="sampling = 7 polling = 11 collector { ip = 127.0.0.9 }"))
    wait_for_collectors("127.0.0.1")
    keys = shared_keys()
    assert (keys["sampling"], keys["polling"], keys["header"]) == ("50", "11", "128")


def test_a_bad_value_is_reported_with_its_record_and_falls_back_as_if_absent(bed, dns):
    dns.change(records("sampling=-1", "polling=301", "colour=red", "novalue", "headerBytes=64", "\\000\\255=1"))
    daemon = bed.hsflowd(config(more="polling = 11"))
    for said in ("sampling: found `-1`, expected a number from 0 to 10000000", "polling: found `301`",
                 "unknown key `colour`", "found `novalue`, expected `key=value`", r"unknown key `\\x00\\xff`"):
        daemon.announce(f"DNS record _sflow._udp.example.com TXT: {said}")
        daemon.expect_log(f"DNS record _sflow._udp.example.com TXT: {said}")
    wait_for_collectors("127.0.0.1")
    keys = shared_keys()
    assert (keys["sampling"], keys["polling"], keys["header"]) == ("400", "11", "64")
    assert any("unknown key `colour`" in problem for problem in status()["problems"])


def test_aliases_and_several_addresses_lead_to_the_collector(bed, dns):
    dns.change("$ORIGIN example.com.\n_sflow._udp CNAME a._udp.other\nother DNAME real\n"
               f"a._udp.real CNAME b\nb SRV 0 0 {PORT} c1\nb TXT \"polling=9\"\nc1 A 127.0.0.3\nc1 AAAA 2001:db8:ffff::1")
    bed.hsflowd(config())
    wait_for_collectors("127.0.0.3")
    assert shared_keys()["polling"] == "9"


def test_an_answer_that_is_too_large_for_udp_comes_over_tcp(bed, dns):
    dns.change(records("polling=9", *(f"sampling.application-{number:03}={number + 1}" for number in range(200))))
    bed.hsflowd(config())
    wait_for_collectors("127.0.0.1")
    keys = shared_keys()
    assert (keys["sampling.application-000"], keys["sampling.application-199"], keys["polling"]) == ("1", "200", "9")


def test_records_that_were_removed_switch_monitoring_off_at_the_second_refresh_and_on_again_when_they_are_back(ovs, dns):
    dns.change(records())
    add_bridge("br0")
    ovs.sflowovsd()
    daemon = ovs.hsflowd(config())
    wait_for(lambda: sflow_of("br0"), "the bridge has sFlow")
    daemon.announce("_sflow._udp.example.com has no SRV records, twice in a row; monitoring is switched off")
    dns.change("")
    daemon.expect_log("if the next answer has none either")
    daemon.expect_log("monitoring is switched off")
    wait_for(lambda: vsctl("get", "bridge", "br0", "sflow").strip() == "[]", "the bridge has none")
    assert "agentIP=192.0.2.1" in SHARED_FILE.read_text() and collectors() == []
    assert "Next poll: none, DNS" in run(HSFLOWD, "status")
    dns.change(records())
    wait_for(lambda: sflow_of("br0"), "the bridge has sFlow again")


def test_a_service_that_is_declared_unavailable_is_off_at_once(bed, dns):
    dns.change(records())
    daemon = bed.hsflowd(config())
    wait_for_collectors("127.0.0.1")
    daemon.announce("states that the service is not available")
    dns.change("_sflow._udp SRV 0 0 0 .")
    wait_for_collectors()


def test_records_that_no_host_can_follow_stop_nothing(bed, dns):
    dns.change(records("sampling=50"))
    daemon = bed.hsflowd(config())
    wait_for_collectors("127.0.0.1")
    before = written()
    daemon.announce("DNS-SD: _sflow._udp.example.com SRV: target c1.example.com port 0: ")
    dns.change('_sflow._udp SRV 0 0 0 c1\n_sflow._udp TXT "sampling=20"\nc1 A 127.0.0.1')
    daemon.expect_log("DNS-SD: _sflow._udp.example.com SRV: target c1.example.com port 0: ")
    assert written() == before


def test_a_server_that_is_gone_changes_nothing_and_its_return_is_noticed(bed, dns, tmp_path):
    dns.change(records("polling=9"))
    daemon = bed.hsflowd(config())
    wait_for_collectors("127.0.0.1")
    before = written()
    dns.close()
    daemon.announce("DNS-SD: _sflow._udp.example.com SRV: ")
    daemon.tolerate("lookup of c1.example.com: ")  # if its TTL ends during the test
    daemon.expect_log("DNS-SD: _sflow._udp.example.com SRV: (no server could be reached|Timeout)")
    assert written() == before
    assert status()["dns_sd"]["problem"].startswith("_sflow._udp.example.com SRV: ")


def test_a_host_that_starts_while_dns_is_down_is_monitored_from_its_copy(bed, dns, collector):
    dns.change(records("polling=1", "sampling=50"))
    first = bed.hsflowd(config())
    collector.receive()
    wait_for(lambda: (bed.directory / "state/dns-sd.json").exists(), "the copy")
    first.stop()
    dns.close()
    silent = SilentServer()
    SHARED_FILE.unlink()  # as after a boot
    daemon = bed.hsflowd(config())
    collector.drain()
    collector.receive()
    assert shared_keys()["sampling"] == "50"
    about = status()["dns_sd"]
    assert about["from_copy"] and about["age_ms"] < 60_000
    assert "saved answer of" in run(HSFLOWD, "status")
    daemon.expect_log("using the saved answer for _sflow._udp.example.com .[0-9]+ s old. until DNS responds")
    silent.close()


@pytest.mark.parametrize("copy", ["", "{", "null", "[]", '{"version": 1}', "\0" * 100])
def test_a_corrupted_copy_is_ignored_with_one_line(bed, dns, copy):
    dns.change(records())
    (bed.directory / "state").mkdir()
    (bed.directory / "state/dns-sd.json").write_text(copy)
    daemon = bed.hsflowd(config())
    daemon.announce("DNS-SD: ignoring the saved answer: .*/state/dns-sd.json: ")
    wait_for_collectors("127.0.0.1")
    assert len(daemon.unannounced_warnings()) == 0
    assert daemon.text().count("ignoring the saved answer") == 1
    wait_for(lambda: "_sflow._udp.example.com" in text_of(bed.directory / "state/dns-sd.json"), "the new one")


def test_show_and_status_say_what_came_from_which_record(bed, dns):
    dns.change(records("sampling=50"))
    bed.hsflowd(config())
    wait_for_collectors("127.0.0.1")
    assert status()["settings"]["origin"].endswith("hsflowd.conf and DNS record _sflow._udp.example.com")
    assert {"option": "sampling", "origin": "DNS record _sflow._udp.example.com TXT"} in status()["dns_sd"]["sets"]
    shown = run(HSFLOWD, "--state-dir", bed.directory / "state", "show", bed.directory / "hsflowd.conf")
    assert "sampling: 50 # DNS record _sflow._udp.example.com TXT\n" in shown
    assert "  - ip: c1.example.com. # DNS record _sflow._udp.example.com SRV\n" in shown
    assert "polling: 30 # default\n" in shown


def test_a_reload_asks_at_once(bed, dns):
    dns.change("$TTL 3600\n" + records("sampling=50"))
    daemon = bed.hsflowd(config())
    wait_for_key("sampling", 50)
    dns.change("$TTL 3600\n" + records("sampling=20"))
    daemon.reload()
    wait_for_key("sampling", 20)
    daemon.reload("sflow { agentIP = 192.0.2.1 collector { ip = 127.0.0.9 } }")
    wait_for(lambda: collectors() == ["127.0.0.9"], "the file alone")
    assert shared_keys()["sampling"] == "400" and status()["dns_sd"] is None


def dnssd(*arguments):
    """Exit status, what it prints, and its problems."""
    done = subprocess.run([HSFLOWD, "-f", "/nonexistent", "dnssd", *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_dnssd_prints_what_hosts_would_see(dns):
    dns.change(f"_sflow._udp 60 SRV 10 20 {PORT} C1\n_sflow._udp SRV 10 30 6343 c2\nc1 A 192.0.2.1\nc1 AAAA 2001:db8::1\n"
               'c2 120 A 192.0.2.2\n_sflow._udp 70 TXT "sampling=50" "agent.cidr=10.0.0.0/8" "" "polling.http=5"')
    assert dnssd("example.com") == (0, f"""_sflow._udp.example.com
  SRV, TTL 60 s, priority 10, weight 30: c2.example.com. port 6343
    192.0.2.2, TTL 120 s
  SRV, TTL 60 s, priority 10, weight 20: C1.example.com. port {PORT}
    192.0.2.1, TTL 1 s
    2001:db8::1, TTL 1 s
  TXT, TTL 70 s: "sampling=50" "agent.cidr=10.0.0.0/8" "" "polling.http=5"
Not authenticated (AD), valid for 60 s
  collector c2.example.com. port 6343
  collector c1.example.com. port {PORT}
  sampling = 50
  polling.http = 5
  agent.cidr = 10.0.0.0/8
""", [])


def test_dnssd_refuses_a_timeout_that_is_no_time():
    for seconds in "0", "-1", "1e300", "nan":
        status, _, problems = dnssd(f"--timeout={seconds}", "example.com")
        assert status != 0 and "--timeout" in problems[0], problems


def test_dnssd_takes_the_first_domain_of_the_search_list_that_has_the_service(dns, resolver):
    resolver.write_text("nameserver 127.0.0.1\nsearch a.example.com example.com\n")
    dns.change(records("sampling=5"))
    status, text, problems = dnssd()
    assert (status, problems) == (0, [])
    assert text.startswith("_sflow._udp.a.example.com: no service; trying the next domain of the search list\n"
                           "_sflow._udp.example.com\n")


def test_the_file_that_packages_install_touches_nothing_until_a_zone_answers(ovs, dns, resolver, collector):
    dns.change("")
    add_bridge("br0")
    vsctl("--id=@s", "create", "sflow", f'targets="127.0.0.9:{PORT}"', "sampling=77", "--", "set", "bridge", "br0", "sflow=@s")
    sflowovsd = ovs.sflowovsd()
    daemon = ovs.hsflowd((ROOT / "conf/hsflowd.conf").read_text().replace("dns-sd {", "agentIP = 192.0.2.1 dns-sd { min-ttl = 1"))
    daemon.announce("DNS-SD: ")
    sflowovsd.expect_log("hsflowd.auto: revision")
    assert sflow_of("br0")["sampling"] == 77 and "collector" not in shared_keys()
    dns.change(records("sampling=50"))
    wait_for(lambda: sflow_of("br0")["sampling"] == 50, "the zone is followed")


def test_without_a_search_list_the_host_is_in_the_domain_of_its_name(dns, resolver):
    resolver.write_text("nameserver 127.0.0.1\n")
    dns.change(records("sampling=5"))
    text = run("unshare", "--uts", "sh", "-c", f"hostname vmhost1.example.com && exec {HSFLOWD} -f /nonexistent dnssd")
    assert text.startswith("_sflow._udp.example.com\n")


@pytest.mark.parametrize("zone, status, said", [
    ("", 1, "error: _sflow._udp.example.com SRV: no records"),
    (records("colour=red"), 0, "warning: _sflow._udp.example.com TXT: unknown key `colour`, ignored"),
    (records("polling=301"), 1, "error: _sflow._udp.example.com TXT: polling: found `301`, expected a number from 0 to 300"),
    (records("novalue"), 1, "error: _sflow._udp.example.com TXT: found `novalue`, expected `key=value`"),
    (records(), 0, "warning: _sflow._udp.example.com TXT: no record"),
    (records("polling=1") + '\n_sflow._udp TXT "sampling=1"', 0, "warning: _sflow._udp.example.com TXT: several"),
    (f"_sflow._udp SRV 0 0 {PORT} c1\nc1 CNAME c2\nc2 A 192.0.2.1", 1,
     "error: _sflow._udp.example.com SRV: target c1.example.com is an alias of c2.example.com"),
    ("_sflow._udp SRV 0 0 1 c1\nc1 TXT x", 1, "error: _sflow._udp.example.com SRV: target c1.example.com has no address"),
    ("_sflow._udp SRV 0 0 1 gone", 1, "error: _sflow._udp.example.com SRV: target gone.example.com has no address"),
    ("_sflow._udp SRV 0 0 1 192.0.2.1.", 1, "error: _sflow._udp.example.com SRV: target 192.0.2.1 is an address"),
    ("_sflow._udp SRV 0 0 0 c1\nc1 A 192.0.2.1", 1, "error: _sflow._udp.example.com SRV: target c1.example.com port 0"),
    ("_sflow._udp SRV 0 0 1 elsewhere.example.org.", 1,
     "error: _sflow._udp.example.com SRV: target elsewhere.example.org: "),
    ("_sflow._udp SRV 0 0 0 .", 0, "warning: _sflow._udp.example.com SRV: the target `.` means that there is no service"),
])
def test_dnssd_finds_what_is_wrong_with_a_zone_and_tells_by_its_exit_status(dns, zone, status, said):
    dns.change(zone)
    returned, text, problems = dnssd("example.com")
    assert [problem for problem in problems if problem.startswith(said)], (text, problems)
    assert returned == status, problems


def test_dnssd_says_when_nobody_answers(resolver):
    silent = SilentServer()
    assert dnssd("--timeout=0.2", "example.com") == (
        1, "", ["error: _sflow._udp.example.com: no answer within 0.2 s"])
    silent.close()


def test_the_sample_zone_is_a_good_zone(tmp_path, resolver):
    server = NameServer(tmp_path)
    (server.directory / "zone").write_text((ROOT / "conf/dns-sd.zone").read_text())
    server.daemon.process.send_signal(1)
    server.daemon.expect_log("loaded serial 2026112301")
    resolver.write_text("nameserver 192.0.2.53\n")
    status, text, problems = dnssd("--server=127.0.0.1", "example.com")
    assert (status, problems) == (0, [])
    assert "  sampling.10G = 10000\n" in text and "  collector collector2.example.com. port 6343\n" in text
    server.close()


def test_a_zone_switches_the_guests_of_all_hosts_on_and_off(bed, dns, collector, tmp_path):
    """Those of one hypervisor, in this case what the switch knows."""
    def guests():
        return next(row["count"] for row in status()["data_sources"] if row["name"] == "vms")

    ports = tmp_path / "ports.json"
    ports.write_text(json.dumps({"version": 1, "bridges": [{"name": "br0", "ports": [
        {"name": "veth1", "ifindex": None, "guest": {"writer": "antrea", "key": "shop/web", "name": "web"}}]}]}))
    dns.change(records("polling=1"))
    bed.hsflowd(config(), "--ports-file", ports)
    wait_for(lambda: collector.receive() and guests() == 1, "the guest")
    dns.change(records("polling=1", "vms=off"))
    wait_for(lambda: guests() == 0, "no guests")
    dns.change(records("polling=1", "vms=auto"))
    wait_for(lambda: guests() == 1, "the guest is back")
