#!/bin/bash
# Shows the whole system at work: two hypervisors with Open vSwitch, guests that exchange traffic, both daemons on each
# hypervisor, a DNS server that configures them, and a collector that prints what they and Open vSwitch send.
#
# Everything runs in its own namespaces and ends with this script, however it ends. It does not touch the host's network, Open
# vSwitch or services.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/demo.sh [--build-dir DIR] [--seconds N]

Shows hsflowd and sflowovsd at work on two simulated hypervisors. The first run installs the packages that are missing and
builds both daemons; the demo itself takes about 40 seconds.

  --build-dir DIR  use the daemons in this build directory; install and build nothing
  --seconds N      show the decoded sFlow for N seconds (default: 15)
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
build_dir=
seconds=15
step=0
steps=9
inside=false
while [ $# -gt 0 ]; do
    case $1 in
        --build-dir) build_dir=$(cd "$2" && pwd); steps=7; shift ;;
        --seconds) seconds=$2; shift ;;
        --inside) inside=true; step=${2%/*} steps=${2#*/}; shift ;; # for this script itself: in the sandbox, after these steps
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

heading() { # the next step
    step=$((step + 1))
    printf '\n\033[1m[%d/%d] %s\033[0m\n' $step "$steps" "$*"
}

# ---------------------------------------------------------------- on the host: check, install, build

next_line=0 # when to print the next line, if this is no terminal
progress() { # TEXT: how far the current step is
    if [ -t 1 ]; then
        printf '\r\033[K[%d/%d] %s' $step "$steps" "$1"
    elif [ $SECONDS -ge $next_line ]; then
        printf '[%d/%d] %s\n' $step "$steps" "$1"
        next_line=$((SECONDS + 10))
    fi
}

begin() {
    step=$((step + 1)) next_line=0 begin=$SECONDS
    progress "$1"
}

finish() {
    [ ! -t 1 ] || printf '\r\033[K'
    printf '[%d/%d] %s: %d s\n' $step "$steps" "$1" $((SECONDS - begin))
}

give_up() { # SENTENCE: after the end of the log
    [ ! -t 1 ] || echo
    tail -n 40 "$log" >&2
    echo "demo.sh: $1; the whole log: $log" >&2
    exit 1
}

install_packages() {
    begin "Installing packages"
    (
        set -o pipefail
        "$root/tests/setup.sh" --demo --progress 2> "$log" |
            while read -r percent; do progress "Installing packages ($percent %)"; done
    ) || give_up "cannot install the packages that the demo needs"
    finish "Packages installed"
}

built() { # "37 of 140; libopenvswitch: 12 of 245 files", from what Ninja and libopenvswitch's build.sh say
    local counts
    counts=$(grep -o '^\[[0-9]* of [0-9]*\]' "$log" | tail -n 1 | tr -d '[]' || true)
    echo "${counts:-starting}$([ ! -s "$build_dir/progress" ] || printf '; libopenvswitch: %s' "$(cat "$build_dir/progress")")"
}

build_daemons() { # with -O1 and no debug information, which takes half the time of a release build
    begin "Building"
    rm -f "$build_dir/progress"
    cmake -S "$root" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 \
        -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16 -DBUILD_TESTING=OFF -DVMS_LIBVIRT=OFF -DVMS_XEN=OFF > "$log" 2>&1 ||
        give_up "cannot configure the build"
    PROGRESS=$build_dir/progress NINJA_STATUS="[%f of %t] " ninja -C "$build_dir" hsflowd_daemon sflowovsd_daemon > "$log" 2>&1 &
    local ninja=$!
    trap 'kill $ninja 2> /dev/null' EXIT
    while kill -0 $ninja 2> /dev/null; do
        progress "Building ($(built))"
        sleep 0.5
    done
    trap - EXIT
    wait $ninja || give_up "cannot build the daemons"
    finish "Daemons built"
}

if ! $inside; then
    begin "Checking this machine"
    if ! reason=$("$root/tests/support/sandbox.sh" --check); then
        [ ! -t 1 ] || echo
        echo "demo.sh: this machine cannot run the demo: $reason" >&2
        exit 1
    fi
    if [ -z "$build_dir" ]; then
        if ! command -v apt-get > /dev/null; then
            [ ! -t 1 ] || echo
            echo "demo.sh: this is not Debian (there is no apt-get); build the daemons and use --build-dir" >&2
            exit 1
        fi
        finish "Machine checked"
        build_dir=$root/build/demo
        log=$build_dir/demo.log
        mkdir -p "$build_dir"
        install_packages
        build_daemons
    else
        finish "Machine checked"
    fi
    exec "$root/tests/support/sandbox.sh" "$0" --build-dir "$build_dir" --seconds "$seconds" --inside "$step/$steps"
fi

# ---------------------------------------------------------------- from here on: in the namespaces of sandbox.sh

PATH=$build_dir/hsflowd:$build_dir/sflowovsd:$PATH
export OVS_CTL_TIMEOUT=10 # seconds, for ovs-vsctl and ovs-appctl
work=/run/demo
mkdir -p $work/etc

explained=false
explain() { # SENTENCE
    local file
    for file in "$work"/hv?/*.log; do
        [ ! -s "$file" ] || { echo "${file#"$work/"} ends with:"; tail -n 5 "$file"; } >&2
    done
    echo "demo.sh: $1" >&2
    explained=true
}
stop() { # SENTENCE
    explain "$1"
    exit 1
}
trap '[ $? -eq 0 ] || $explained || explain "failed: $BASH_COMMAND"' EXIT

show() {
    printf '\033[1m$ %s\033[0m\n' "$*"
    "$@" || stop "failed: $*"
}

wait_for() { # WHAT COMMAND...: until the command succeeds, for 10 s
    local what=$1 end=$((SECONDS + 10))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -le $end ] || stop "gave up after 10 s waiting for $what"
        sleep 0.01
    done
}

cable() { # NAME ADDRESS: a host on the management network
    ip netns add "$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    ip link set "$1" up master mgmt
    ip -n "$1" link set lo up
    ip -n "$1" addr add "$2" dev eth0
    ip -n "$1" link set eth0 up
}

guest() { # NAME ADDRESS MAC: a guest of the first hypervisor; NAME is also the name of its port
    ip netns add "$1"
    ip link add "$1" type veth peer name eth0 address "$3" netns "$1"
    ip link set "$1" up
    ip -n "$1" addr add "$2" dev eth0
    ip -n "$1" link set eth0 up
}

plug() { # NAME MAC [PREFIX...]: its port of br0, with what a virtualization platform says about it there
    local name=$1 mac=$2
    shift 2
    "$@" ovs-vsctl add-port br0 "$name" -- set interface "$name" external_ids:vm-id="$name" \
        external_ids:attached-mac="\"$mac\"" external_ids:iface-status=active
}

# The second hypervisor: a network namespace, and its own directories in place of those in /run.
hv2=/run/hv2
on_hv2() {
    ip netns exec hv2 env OVS_RUNDIR=$hv2/openvswitch OVS_DBDIR=$work/hv2 "$@"
}

start_openvswitch() { # DIRECTORY [PREFIX...]: PREFIX runs the commands on the hypervisor
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

both_sample() { # SAMPLING: the rows of both hypervisors have this rate
    ovs-vsctl --columns=sampling list sflow | grep -qw "$1" && on_hv2 ovs-vsctl --columns=sampling list sflow | grep -qw "$1"
}

list_samples() { # one line for each sample that the collector received
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
        elif .source_class == 3 then
            (.records | map({(.type): .}) | add) as $r |
            "guest    \($agent)/\($sub): \($r.host_descr.hostname) at ifIndex \($r.host_adapters.adapters[0].if_index): "
            + "\($r.virt_net_io.rx_bytes) bytes received, \($r.virt_net_io.tx_bytes) sent"
        elif .source_class == 0 then
            .records[] | select(.type == "if_counters") |
            "port     \($agent)/\($sub): ifIndex \(.if_index): \(.if_in_octets) bytes in, \(.if_out_octets) bytes out"
        else empty end'
}

heading "Two hypervisors with Open vSwitch (userspace datapath), and guests with traffic between them"
mkdir -p $hv2/openvswitch $work/hv1
ip link add mgmt address 02:00:00:00:00:01 type bridge # a fixed address, or it changes with the ports
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
guest host1 10.1.0.1/24 52:54:00:00:00:01
plug host1 52:54:00:00:00:01
guest host2 10.1.0.2/24 52:54:00:00:00:02
ip link set host2 netns hv2 # to the second hypervisor
ip -n hv2 link set host2 up
plug host2 52:54:00:00:00:02 on_hv2
ip link add wire type veth peer name wire netns hv2
ip link set wire up
ip -n hv2 link set wire up
ovs-vsctl add-port br1 wire
on_hv2 ovs-vsctl add-port br0 wire
show ovs-vsctl show
wait_for "host2 to answer host1's pings" ip netns exec host1 ping -c 1 -W 1 10.1.0.2
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
[ -e "$resolv_conf" ] || { mkdir -p "$(dirname "$resolv_conf")" && touch "$resolv_conf"; } # in the sandbox's /run
mount --bind $work/etc/resolv.conf "$resolv_conf"
cat > $work/etc/hsflowd.conf << 'CONF'
sflow {
  dns-sd { domain = example.com  min-ttl = 1 }
}
CONF
show cat $work/zone
show cat $work/etc/hsflowd.conf
show hsflowd check $work/etc/hsflowd.conf
wait_for "the DNS server" hsflowd dnssd --timeout=1 example.com
show hsflowd dnssd example.com
wait_for "the collector" sh -c 'ip netns exec collector ss -Hnul | grep -q :6343'

heading "Both daemons, on both hypervisors"
printf '\033[1m$ hsflowd -f %s &\033[0m\n\033[1m$ sflowovsd &\033[0m\n' $work/etc/hsflowd.conf
hsflowd -f $work/etc/hsflowd.conf --state-dir $work/hv1 &
sflowovsd -vsyslog:off -vconsole:warn --pidfile &
on_hv2 hsflowd -f $work/etc/hsflowd.conf --state-dir $work/hv2 --run-dir $hv2 -u 22222222-2222-4222-8222-222222222222 \
    --ports-file $hv2/ports.json &
on_hv2 sflowovsd -f $hv2/hsflowd.auto --ports-file=$hv2/ports.json -vsyslog:off -vconsole:warn --pidfile &
for bridge in br0 br1; do
    wait_for "sFlow on $bridge of the first hypervisor" sh -c "ovs-vsctl get bridge $bridge sflow | grep -v '\[\]'"
done
wait_for "sFlow on br0 of the second hypervisor" sh -c "OVS_RUNDIR=$hv2/openvswitch ovs-vsctl get bridge br0 sflow | grep -v '\[\]'"
show cat /run/hsflowd/hsflowd.auto
show ovs-vsctl list sflow
show ovs-vsctl --columns=name,sflow list bridge
show ovs-appctl -t sflowovsd sflow/status
wait_for "the guest's port" sh -c 'ovs-appctl -t sflowovsd sflow/ports | grep -w host1'
show ovs-appctl -t sflowovsd sflow/ports
show on_hv2 ovs-vsctl list sflow

heading "A third bridge, added while the daemons run"
milliseconds=$(/usr/bin/python3 "$root/tests/support/time_to_sflow.py" br2 netdev)
echo "br2 had sFlow $milliseconds ms after it was sent to the database"
show ovs-vsctl --columns=name,sflow list bridge br2

heading "A new sampling rate for all hosts, in DNS"
zone 2 20 > $work/zone
show grep TXT $work/zone
begin=$(date +%s%N)
kill -HUP $named # rndc reload
wait_for "the new sampling rate on both hypervisors" both_sample 20
echo "both hypervisors had it $((($(date +%s%N) - begin) / 1000000)) ms after the DNS server reloaded its zone, at a TTL of 1 s"
show ovs-vsctl --columns=sampling list sflow
show on_hv2 ovs-vsctl --columns=sampling list sflow
show sh -c "hsflowd status | grep -A 5 DNS-SD"

heading "What the collector receives: counters of hosts and guests from hsflowd, port counters and packet samples from Open vSwitch"
(timeout "$seconds" tail -n +1 -f $work/datagrams.json || true) | list_samples |
    awk '$1 != last || n < 3 { print; fflush() } { n = $1 == last ? n + 1 : 1; last = $1 }
         END { exit !NR }' || stop "the collector received nothing" # three of a kind in a row at most

printf '\nThe demo ends here. It removes its namespaces, bridges and daemons.\n'
