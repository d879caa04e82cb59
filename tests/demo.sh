#!/bin/bash
# The whole system at work on real parts, in about half a minute: Open vSwitch with two bridges, two hosts that exchange
# traffic, both daemons, and a collector that prints what they and Open vSwitch send.
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

make_host() { # NAME ADDRESS BRIDGE: a host with a cable to a port of the bridge
    ip netns add "$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    ip link set "$1" up
    ip -n "$1" link set lo up
    ip -n "$1" addr add "$2" dev eth0
    ip -n "$1" link set eth0 up
    if [ -n "$3" ]; then
        ovs-vsctl add-port "$3" "$1"
    fi
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

heading "Open vSwitch with two bridges (userspace datapath), and two hosts with traffic between them"
ovsdb-tool create $work/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server $work/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach -vconsole:off \
    --log-file=$work/ovsdb-server.log
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach -vconsole:off --log-file=$work/ovs-vswitchd.log
for bridge in br0 br1; do
    ovs-vsctl add-br $bridge -- set bridge $bridge datapath_type=netdev
done
ovs-vsctl -- add-port br0 to-br1 -- set interface to-br1 type=patch options:peer=to-br0 \
    -- add-port br1 to-br0 -- set interface to-br0 type=patch options:peer=to-br1
make_host host1 10.1.0.1/24 br0
make_host host2 10.1.0.2/24 br1
make_host collector 192.0.2.9/24 ""
ip addr add 192.0.2.1/24 dev collector # this host's management address
show ovs-vsctl show
wait_for ip netns exec host1 ping -c 1 -W 1 10.1.0.2
ip netns exec host1 ping -i 0.01 -s 200 10.1.0.2 > /dev/null &
ip netns exec host2 ping -i 0.02 -s 1000 10.1.0.1 > /dev/null &

heading "A collector, and the configuration of this host"
ip netns exec collector hsflowd decode > $work/datagrams.json &
cat > $work/etc/hsflowd.conf << 'CONF'
sflow {
  polling = 3
  sampling = 50
  collector { ip = 192.0.2.9 }
}
CONF
show cat $work/etc/hsflowd.conf
show hsflowd check $work/etc/hsflowd.conf
wait_for sh -c 'ip netns exec collector ss -Hnul | grep -q :6343'

heading "Both daemons"
printf '\033[1m$ hsflowd -f %s &\033[0m\n\033[1m$ sflowovsd &\033[0m\n' $work/etc/hsflowd.conf
hsflowd -f $work/etc/hsflowd.conf &
hsflowd=$!
sflowovsd -vsyslog:off -vconsole:warn --pidfile &
for bridge in br0 br1; do
    wait_for sh -c "ovs-vsctl get bridge $bridge sflow | grep -v '\[\]'"
done
show cat /run/hsflowd/hsflowd.auto
show ovs-vsctl list sflow
show ovs-vsctl --columns=name,sflow list bridge
show ovs-appctl -t sflowovsd sflow/status

heading "A third bridge, added live"
milliseconds=$(/usr/bin/python3 "$root/tests/support/time_to_sflow.py" br2 netdev)
echo "br2 had sFlow $milliseconds ms after it was sent to the database"
show ovs-vsctl --columns=name,sflow list bridge br2

heading "A new sampling rate"
sed -i 's/sampling = 50/sampling = 20/' $work/etc/hsflowd.conf
show grep sampling $work/etc/hsflowd.conf
printf '\033[1m$ kill -HUP %s\033[0m # systemctl reload hsflowd\n' $hsflowd
kill -HUP $hsflowd
wait_for sh -c "ovs-vsctl --columns=sampling list sflow | grep -w 20"
show ovs-vsctl --columns=sampling list sflow

heading "What the collector gets: host counters of hsflowd, port counters and packet samples of Open vSwitch"
(timeout "$seconds" tail -n +1 -f $work/datagrams.json || true) | list_samples |
    awk '$1 != last || n < 3 { print; fflush() } { n = $1 == last ? n + 1 : 1; last = $1 }' # three of a kind in a row

heading "Over: everything that this made goes with it"
