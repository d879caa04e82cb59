#!/bin/bash
# Captures sFlow datagrams of a real ovs-vswitchd as one hex line each: capture_ovs.sh > fixtures/ovs-VERSION.hex
# Needs root. Everything runs in namespaces of its own: nothing of the host's Open vSwitch is seen or touched.
set -eu

if [ "${1:-}" != --inside ]; then
    exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside
fi

mount -t tmpfs none /run
mount -t tmpfs none /var/log
directory=$(mktemp -d -p /run)
cd "$directory"
export OVS_RUNDIR=$directory OVS_LOGDIR=$directory OVS_DBDIR=$directory
export PATH=$PATH:/usr/sbin:/sbin
ip link set lo up

ip netns add guest
ip link add vport1 address 02:00:00:00:00:11 type veth peer name eth0 netns guest address 02:00:00:00:00:12
ip link set vport1 up
ip -n guest link set lo up
ip -n guest link set eth0 up
ip -n guest address add 192.0.2.2/24 dev eth0
ip -n guest address add 2001:db8::2/64 dev eth0 nodad

ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --pidfile --log-file --remote=punix:"$directory"/db.sock conf.db 2>/dev/null
ovs-vsctl --no-wait init
ovs-vswitchd --detach --pidfile --log-file 2>/dev/null
ovs-vsctl -- add-br br0 -- set bridge br0 datapath_type=netdev other_config:hwaddr=02:00:00:00:00:01 \
    other_config:datapath-id=0000020000000001 -- add-port br0 vport1 \
    -- add-port br0 vlan10 tag=10 -- set interface vlan10 type=internal
ip link set br0 up
ip address add 192.0.2.1/24 dev br0
ip address add 2001:db8::1/64 dev br0 nodad
ip link set vlan10 up

{
    echo "# sFlow datagrams that ovs-vswitchd sent, one a line, captured by tests/decoder/capture_ovs.sh:"
    echo "# $(ovs-vswitchd --version | head -n 1), datapath_type=netdev, one bridge br0 with the ports br0,"
    echo "# vport1 (a veth) and vlan10 (internal, tag=10); sampling=1, polling=1, header=128; ARP, IPv4, IPv6, TCP, UDP"
    echo "# and ICMP of one guest."
}
coproc receiver { python3 -u -c '
import socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 6343))
receiver.settimeout(20)
print("ready")
for _ in range(12):
    print(receiver.recv(65536).hex())
'; }
read -r _ <&"${receiver[0]}"
ovs-vsctl -- --id=@sflow create sflow agent=lo targets='"127.0.0.1:6343"' sampling=1 polling=1 header=128 \
    -- set bridge br0 sflow=@sflow > /dev/null
ip netns exec guest python3 -c '
import socket
for protocol in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    client = socket.socket(socket.AF_INET, protocol)
    client.bind(("192.0.2.2", 40000))
    try:
        client.connect(("192.0.2.1", 7))
        client.send(b"hello")
    except ConnectionRefusedError:
        pass
tagged_arp = bytes.fromhex("ffffffffffff" "020000000012" "8100600a" "0806" "0001080006040001"
                           "020000000012" "c6336402" "000000000000" "c6336401")  # priority 3, VLAN 10
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind(("eth0", 0))
raw.send(tagged_arp)
'
ip netns exec guest ping -q -n -i 0.2 -c 8 192.0.2.1 > /dev/null &
ip netns exec guest ping -q -n -i 0.3 -c 6 2001:db8::1 > /dev/null &
cat <&"${receiver[0]}"
