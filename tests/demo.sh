#!/bin/bash
# The whole system at work on real parts, in about half a minute: two hypervisors with Open vSwitch, guests that exchange
# traffic, both daemons on each, a DNS server that configures them, and a collector that prints what they and Open vSwitch
# send.
#
# Everything runs in namespaces of its own and ends with this script, however it ends: the machine's network, Open vSwitch
# and services are not touched.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/demo.sh [--build-dir DIR] [--seconds N]

  --build-dir DIR  use what was built there, and install nothing
  --seconds N      how long to show decoded sFlow (default: 15)
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
build_dir=
seconds=15
inside=false
while [ $# -gt 0 ]; do
    case $1 in
        --build-dir) build_dir=$(cd "$2" && pwd); shift ;;
        --seconds) seconds=$2; shift ;;
        --inside) inside=true ;; # for this script itself
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

if ! $inside; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "demo.sh: must be root to make network namespaces: sudo $0" >&2
        exit 1
    fi
    if [ -z "$build_dir" ]; then
        "$root/tests/setup.sh"
        build_dir=$root/build/release
        (cd "$root" && cmake --preset release > /dev/null && cmake --build --preset release --target hsflowd_daemon sflowovsd_daemon)
    fi
    exec "$root/tests/support/sandbox.sh" "$0" --inside --build-dir "$build_dir" --seconds "$seconds"
fi

# ---------------------------------------------------------------- from here on: in the namespaces that sandbox.sh made

PATH=$build_dir/hsflowd:$build_dir/sflowovsd:$PATH
work=/run/demo
mkdir -p $work/etc

heading() {
    printf '\n\033[1m== %s\033[0m\n' "$*"
}

show() {
    printf '\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

wait_for() { # COMMAND...: until it succeeds, ten seconds at the most
    local _
    for _ in $(seq 1000); do
        if "$@" > /dev/null 2>&1; then
            return 0
        fi
        sleep 0.01
    done
    echo "demo.sh: not within 10 s: $*" >&2
    exit 1
}

cable() { # NAME ADDRESS: a machine on the management network
    ip netns add "$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    ip link set "$1" up master mgmt
    ip -n "$1" link set lo up
    ip -n "$1" addr add "$2" dev eth0
    ip -n "$1" link set eth0 up
}

guest() { # NAME ADDRESS: a guest of the first hypervisor, NAME is the name of its port
    ip netns add "$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    ip link set "$1" up
    ip -n "$1" addr add "$2" dev eth0
    ip -n "$1" link set eth0 up
}

# The second hypervisor: a network namespace, and directories of its own for what usually is in /run.
hv2=/run/hv2
on_hv2() {
    ip netns exec hv2 env OVS_RUNDIR=$hv2/openvswitch OVS_DBDIR=$work/hv2 "$@"
}

start_openvswitch() { # DIRECTORY, and what stands before each command
    local directory=$1
    shift
    mkdir -p "$directory"
    "$@" ovsdb-tool create "$directory/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    "$@" ovsdb-server "$directory/conf.db" --remote="punix:${rundir:-/run/openvswitch}/db.sock" --pidfile --detach -vconsole:off \
        --log-file="$directory/ovsdb-server.log"
    "$@" ovs-vsctl --no-wait init
    "$@" ovs-vswitchd --pidfile --detach -vconsole:off --log-file="$directory/ovs-vswitchd.log"
}

zone() { # SERIAL SAMPLING
    cat << ZONE
\$ORIGIN example.com.
\$TTL 1
@            SOA  ns hostmaster $1 3600 600 86400 1
@            NS   ns
ns           A    192.0.2.53
_sflow._udp  SRV  0 0 6343 collector
_sflow._udp  TXT  "txtvers=1" "polling=3" "sampling=$2"
collector    A    192.0.2.9
ZONE
}

follows() { # SAMPLING: both hypervisors have it in Open vSwitch
    ovs-vsctl --columns=sampling list sflow | grep -qw "$1" && on_hv2 ovs-vsctl --columns=sampling list sflow | grep -qw "$1"
}

list_samples() { # what the collector got, in one line a sample
    jq --unbuffered -r '
        .agent_address as $agent | .sub_agent_id as $sub | .samples[] |
        if .type == "flow" then
            .sampling_rate as $rate | .records[] | select(.type == "sampled_header" and .src_ip) |
            "packet   \($agent)/\($sub): \(.src_ip) -> \(.dst_ip) protocol \(.ip_protocol), \(.frame_length) bytes, 1 in \($rate)"
        elif .source_class == 2 and $sub >= 100000 then
            (.records | map({(.type): .}) | add) as $r |
            "host     \($agent)/\($sub): \($r.host_descr.hostname): load \($r.host_cpu.load_one * 100 | round / 100), "
            + "\($r.host_cpu.cpu_num) CPUs, memory \($r.host_memory.mem_free / 1048576 | round) of "
            + "\($r.host_memory.mem_total / 1048576 | round) MiB free, sample \(.sequence_number) with "
            + (.records | map(.type) | sort | join(" "))
        elif .source_class == 0 then
            .records[] | select(.type == "if_counters") |
            "port     \($agent)/\($sub): ifIndex \(.if_index): \(.if_in_octets) bytes in, \(.if_out_octets) bytes out"
        else empty end'
}

heading "Two hypervisors with Open vSwitch (userspace datapath), and guests with traffic between them"
mkdir -p $hv2/openvswitch $work/hv1
ip link add mgmt address 02:00:00:00:00:01 type bridge # one that stays as ports come
ip addr add 192.0.2.1/24 dev mgmt # the management address of the first hypervisor
ip link set mgmt up
cable hv2 192.0.2.2/24
cable collector 192.0.2.9/24
cable dns 192.0.2.53/24
start_openvswitch $work/hv1
rundir=$hv2/openvswitch start_openvswitch $work/hv2 on_hv2
for bridge in br0 br1; do
    ovs-vsctl add-br $bridge -- set bridge $bridge datapath_type=netdev
done
ovs-vsctl -- add-port br0 to-br1 -- set interface to-br1 type=patch options:peer=to-br0 \
    -- add-port br1 to-br0 -- set interface to-br0 type=patch options:peer=to-br1
on_hv2 ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev
guest host1 10.1.0.1/24
ovs-vsctl add-port br0 host1
guest host2 10.1.0.2/24
ip link set host2 netns hv2 # a guest of the second one
ip -n hv2 link set host2 up
on_hv2 ovs-vsctl add-port br0 host2
ip link add wire type veth peer name wire netns hv2
ip link set wire up
ip -n hv2 link set wire up
ovs-vsctl add-port br1 wire
on_hv2 ovs-vsctl add-port br0 wire
show ovs-vsctl show
wait_for ip netns exec host1 ping -c 1 -W 1 10.1.0.2
ip netns exec host1 ping -i 0.01 -s 200 10.1.0.2 > /dev/null &
ip netns exec host2 ping -i 0.02 -s 1000 10.1.0.1 > /dev/null &

heading "A collector, a DNS server, and the configuration of both hypervisors"
ip netns exec collector hsflowd decode > $work/datagrams.json &
zone 1 50 > $work/zone
cat > $work/named.conf << CONF
options {
  directory "$work"; pid-file none; session-keyfile none;
  listen-on { 192.0.2.53; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no;
};
controls { };
zone "example.com" { type primary; file "zone"; };
CONF
ip netns exec dns named -f -n 1 -c $work/named.conf &
named=$!
echo "nameserver 192.0.2.53" > $work/etc/resolv.conf
resolv_conf=$(realpath /etc/resolv.conf)
[ -e "$resolv_conf" ] || { mkdir -p "$(dirname "$resolv_conf")" && touch "$resolv_conf"; } # in the sandbox's own /run
mount --bind $work/etc/resolv.conf "$resolv_conf"
cat > $work/etc/hsflowd.conf << 'CONF'
sflow {
  dns-sd { domain = example.com  min-ttl = 1 }
}
CONF
show cat $work/zone
show cat $work/etc/hsflowd.conf
show hsflowd check $work/etc/hsflowd.conf
wait_for hsflowd dnssd --timeout=1 example.com
show hsflowd dnssd example.com
wait_for sh -c 'ip netns exec collector ss -Hnul | grep -q :6343'

heading "Both daemons, on both hypervisors"
printf '\033[1m$ hsflowd -f %s &\033[0m\n\033[1m$ sflowovsd &\033[0m\n' $work/etc/hsflowd.conf
hsflowd -f $work/etc/hsflowd.conf --state-dir $work/hv1 &
sflowovsd -vsyslog:off -vconsole:warn --pidfile &
on_hv2 hsflowd -f $work/etc/hsflowd.conf --state-dir $work/hv2 --run-dir $hv2 -u 22222222-2222-4222-8222-222222222222 &
on_hv2 sflowovsd -f $hv2/hsflowd.auto -vsyslog:off -vconsole:warn --pidfile &
for bridge in br0 br1; do
    wait_for sh -c "ovs-vsctl get bridge $bridge sflow | grep -v '\[\]'"
done
wait_for sh -c "OVS_RUNDIR=$hv2/openvswitch ovs-vsctl get bridge br0 sflow | grep -v '\[\]'"
show cat /run/hsflowd/hsflowd.auto
show ovs-vsctl list sflow
show ovs-vsctl --columns=name,sflow list bridge
show ovs-appctl -t sflowovsd sflow/status
show on_hv2 ovs-vsctl list sflow

heading "A third bridge, added live"
milliseconds=$(/usr/bin/python3 "$root/tests/support/time_to_sflow.py" br2 netdev)
echo "br2 had sFlow $milliseconds ms after it was sent to the database"
show ovs-vsctl --columns=name,sflow list bridge br2

heading "A new sampling rate for all, in DNS"
zone 2 20 > $work/zone
show grep TXT $work/zone
begin=$(date +%s%N)
kill -HUP $named # rndc reload
wait_for follows 20
echo "both hypervisors had it $((($(date +%s%N) - begin) / 1000000)) ms after the DNS server was told, at a TTL of 1 s"
show ovs-vsctl --columns=sampling list sflow
show on_hv2 ovs-vsctl --columns=sampling list sflow
show sh -c "hsflowd status | grep -A 5 DNS-SD"

heading "What the collector gets: host counters of hsflowd, port counters and packet samples of Open vSwitch"
(timeout "$seconds" tail -n +1 -f $work/datagrams.json || true) | list_samples |
    awk '$1 != last || n < 3 { print; fflush() } { n = $1 == last ? n + 1 : 1; last = $1 }' # three of a kind in a row

heading "Over: everything that this made goes with it"
