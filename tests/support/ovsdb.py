"""Databases that are unlike the usual one: other schemas, remotes, roles, clusters."""

import json
import pathlib
import subprocess

from testbed import DEADLINE, SCHEMA, Daemon, run, wait_for


def edited_schema(path, edit):
    """A schema file like Open vSwitch's own, after edit(tables) or another top-level change."""
    schema = json.loads(pathlib.Path(SCHEMA).read_text())
    edit(schema)
    schema.pop("cksum", None)
    path.write_text(json.dumps(schema))
    return path


def without(*parts):
    """For edited_schema: without these columns, each "Table.column", and tables, each "Table", to which then nothing refers."""
    def edit(schema):
        tables = schema["tables"]
        for part in parts:
            table, _, column = part.partition(".")
            if column:
                del tables[table]["columns"][column]
                tables[table]["indexes"] = [index for index in tables[table].get("indexes", []) if column not in index]
                continue
            del tables[table]
            for other in tables.values():
                other["columns"] = {name: type_ for name, type_ in other["columns"].items()
                                    if f'"refTable": "{table}"' not in json.dumps(type_)}
    return edit


class Server:
    """An ovsdb-server with a socket of its own."""

    def __init__(self, bed, name, database, *options):
        self.socket = f"/run/openvswitch/{name}.sock"
        self.control = f"/run/openvswitch/{name}.ctl"
        self.bed = bed
        self.command = ["ovsdb-server", database, f"--remote=punix:{self.socket}", f"--unixctl={self.control}",
                        "--no-chdir", *options]
        self.log = bed.directory / f"{name}.log"
        self.start()

    @property
    def remote(self):
        return f"unix:{self.socket}"

    def start(self):
        self.daemon = Daemon(self.command, self.log)
        self.bed.others.append(self.daemon)
        wait_for(lambda: subprocess.run(["ovs-appctl", "-t", self.control, "version"], capture_output=True).returncode == 0,
                 "ovsdb-server answers")

    def appctl(self, *command):
        return run("ovs-appctl", "-t", self.control, *command)

    def vsctl(self, *command):
        return run("ovs-vsctl", f"--db={self.remote}", "--no-wait", f"--timeout={DEADLINE:.0f}", *command)


def cluster(bed, size):
    """Servers of one clustered database Open_vSwitch, joined."""
    servers = []
    first = "unix:/run/openvswitch/member1.raft"
    for number in range(1, size + 1):
        database = bed.directory / f"member{number}.db"
        address = f"unix:/run/openvswitch/member{number}.raft"
        if number == 1:
            run("ovsdb-tool", "create-cluster", database, SCHEMA, address)
        else:
            run("ovsdb-tool", "join-cluster", database, "Open_vSwitch", address, first)
        servers.append(Server(bed, f"member{number}", database))
        run("ovsdb-client", f"--timeout={DEADLINE:.0f}", "wait", servers[-1].remote, "Open_vSwitch", "connected")
    return servers


def is_leader(server):
    return "Role: leader" in server.appctl("cluster/status", "Open_vSwitch")


def certificates(directory):
    """A CA, and keys with certificates of it for "server" and "client", by the openssl command: paths by name."""
    paths = {name: directory / f"{name}.pem" for name in ("ca", "ca-key", "server", "server-key", "client", "client-key")}
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    run("openssl", "req", "-x509", *new_key, "-keyout", paths["ca-key"], "-out", paths["ca"], "-subj", "/CN=ca")
    for name in "server", "client":
        request = directory / f"{name}.csr"
        run("openssl", "req", *new_key[:-2], "-keyout", paths[f"{name}-key"], "-out", request, "-subj", f"/CN={name}")
        run("openssl", "x509", "-req", "-in", request, "-CA", paths["ca"], "-CAkey", paths["ca-key"], "-CAcreateserial",
            "-days", "2", "-out", paths[name])
    return paths
