"""What the guests of a Proxmox VE node cost: JSON lines, one a measurement.

    BUILD_DIR=$PWD/build/release /usr/bin/python3 tests/bench/proxmox_bench.py [GUESTS [POLLS]]

Writes the files of a node with GUESTS (500) VMs, and polls them POLLS (50) times: all at once, and 25 at a time as the agent does
at polling=20. The files are of the file system of temporary files, and the kernel reads no counters for them:
`tests/proxmox_polls / 50 25` measures the guests of a real node.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build/release"))
TEMPLATE = ROOT / "tests/fixtures/proxmox"


def write_node(root, guests):
    def write(path, text):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    group = TEMPLATE / "sys/fs/cgroup/qemu.slice/100.scope"
    files = {file.name: file.read_text() for file in group.iterdir()}
    config = (TEMPLATE / "etc/pve/nodes/pve1/qemu-server/100.conf").read_text()
    write("sys/fs/cgroup/cgroup.controllers", "cpu io memory\n")
    for number in range(guests):
        vmid = 1000 + number
        write(f"run/qemu-server/{vmid}.pid", f"{vmid}\n")
        for name, text in files.items():
            write(f"sys/fs/cgroup/qemu.slice/{vmid}.scope/{name}", text)
        write(f"etc/pve/qemu-server/{vmid}.conf", config.replace("4000-8000-000000000100", f"4000-8000-{vmid:012}"))
        for index, device in enumerate((f"tap{vmid}i0", f"fwln{vmid}o0")):
            write(f"sys/class/net/{device}/ifindex", f"{2 * number + index + 10}\n")


def main(guests=500, polls=50):
    with tempfile.TemporaryDirectory() as directory:
        write_node(pathlib.Path(directory), int(guests))
        for batch in (guests, 25):
            print(f'{{"guests_of_a_poll": {batch}}}', flush=True)
            subprocess.run([BUILD / "tests/proxmox_polls", directory, str(polls), str(batch)], check=True)


main(*sys.argv[1:])
