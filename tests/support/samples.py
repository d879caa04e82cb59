"""What a collector gets, in order."""

import time

from testbed import DEADLINE


class Samples:
    """Counter samples by data source: the host is None, a VM its UUID. `within(seconds)` returns decoded datagrams: what comes within
    so many seconds, or at once if something has come."""

    def __init__(self, within, deadline=DEADLINE):
        self.within = within
        self.deadline = deadline  # seconds for what comes within a poll or two, on a busy machine
        self.seen = []  # (when, who, sample, records by name)
        self.flows = []  # packet samples

    def read(self, seconds):
        for datagram in self.within(seconds):
            for sample in datagram["samples"]:
                if sample["type"] == "flow":
                    self.flows.append(sample)
                    continue
                records = {record["type"]: record for record in sample["records"]}
                who = records["host_descr"]["uuid"] if sample["source_id_type"] == 3 else None
                if sample["source_id_type"] in (2, 3):
                    self.seen.append((time.monotonic(), who, sample, records))

    def next(self, who, matches=lambda records: True, deadline=None, begin=None):
        """The next sample of a VM that matches; (sample, records). With `begin`, the first from that one in `seen` on."""
        begin = len(self.seen) if begin is None else begin
        deadline = deadline or self.deadline
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            for _, whose, sample, records in self.seen[begin:]:
                if whose == who and matches(records):
                    return sample, records
            self.read(0.2)
        raise AssertionError(f"no such sample of {who} within {deadline} s; the last: "
                             f"{[records for _, whose, _, records in self.seen if whose == who][-1:]}")

    def watch(self, seconds):
        end = time.monotonic() + seconds
        begin = len(self.seen)
        while time.monotonic() < end:
            self.read(0.2)
        return self.seen[begin:]

    def numbers(self, who):
        return [sample["sequence_number"] for _, whose, sample, _ in self.seen if whose == who]
