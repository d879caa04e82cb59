"""How programs that are older than this project read hsflowd.auto, from what is documented about them, not from their code.

Each takes the text of a file and returns what it understood, or raises Rejected: it would go on with what it had.
"""

import re


class Rejected(Exception):
    pass


def numbered(lines):
    return [(number, line) for number, line in enumerate(lines, 1)]


def whole_number(text, what):
    if not re.fullmatch(r"[0-9]+", text):
        raise Rejected(f"{what}: {text!r} is no number")
    return int(text)


class WebServer:
    """The sub-agents in Apache and nginx: words between spaces, tabs and equal signs; an agentIP or nothing; ten
    collectors or fewer; lines of 1024 bytes or fewer. Keys for http win over general ones."""

    MAX_COLLECTORS = 10
    MAX_LINE = 1024

    @classmethod
    def read(cls, text):
        keys, collectors = {}, []
        for number, line in numbered(text.split("\n")):
            if len(line.encode()) > cls.MAX_LINE:
                raise Rejected(f"line {number} has {len(line)} bytes")
            words = [word for word in re.split(r"[ \t=]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            key, values = words[0], words[1:]
            if key == "collector":
                collectors.append(cls.collector(number, values))
            elif key in ("rev_start", "rev_end", "sampling", "sampling.http", "polling", "polling.http", "ds_index"):
                if len(values) != 1:
                    raise Rejected(f"line {number}: {key} has {len(values)} values")
                keys[key] = whole_number(values[0], key)
            elif key == "agentIP":
                keys[key] = " ".join(values)
        if not keys.get("rev_start") or keys["rev_start"] != keys.get("rev_end"):
            raise Rejected("the revisions differ or are missing")
        if not keys.get("agentIP"):
            raise Rejected("no agentIP")
        if len(collectors) > cls.MAX_COLLECTORS:
            raise Rejected(f"{len(collectors)} collectors")
        return {"revision": keys["rev_start"], "sampling": keys.get("sampling.http", keys.get("sampling")),
                "polling": keys.get("polling.http", keys.get("polling")), "agentIP": keys["agentIP"],
                "ds_index": keys.get("ds_index"), "collectors": collectors}

    @staticmethod
    def collector(number, values):
        """IP, then perhaps a port, then perhaps a priority."""
        if not 1 <= len(values) <= 3 or "/" in values[0]:
            raise Rejected(f"line {number}: {values} is no collector")
        port = whole_number(values[1], "port") if len(values) > 1 else 6343
        return values[0], port


class JavaAgent:
    """The sub-agent in JVMs: case-sensitive keys before the first equal sign, one space between address and port."""

    @staticmethod
    def read(text):
        keys, collectors = {}, []
        for number, line in numbered(text.split("\n")):
            if line.startswith("#") or "=" not in line:
                continue
            key, value = line.split("=", 1)
            if key == "collector":
                words = value.split(" ")
                if not 1 <= len(words) <= 2 or not words[0] or "/" in words[0]:
                    raise Rejected(f"line {number}: {value!r} is no collector")
                collectors.append((words[0], whole_number(words[1], "port") if len(words) == 2 else 6343))
            elif key in ("rev_start", "rev_end", "polling", "ds_index"):
                keys[key] = whole_number(value, key)
            elif key == "agentIP":
                keys[key] = value
        if "rev_start" not in keys or keys["rev_start"] != keys.get("rev_end"):
            raise Rejected("the revisions differ or are missing")
        return {"revision": keys["rev_start"], "polling": keys.get("polling"), "agentIP": keys.get("agentIP"),
                "ds_index": keys.get("ds_index"), "collectors": collectors}


class OldSflowovsd:
    """The daemon that ours replaces: rev_start is the first line that is no comment and rev_end the last, neither is 0,
    and a device is needed. Off is no collector, or neither sampling nor polling."""

    @staticmethod
    def read(text):
        lines = [line for line in text.split("\n") if line and not line.startswith("#")]
        pairs = []
        for line in lines:
            key, separator, value = line.partition("=")
            if not separator:
                raise Rejected(f"{line!r} has no equal sign")
            pairs.append((key, value))
        if not pairs or pairs[0][0] != "rev_start" or pairs[-1][0] != "rev_end":
            raise Rejected("rev_start is not first or rev_end not last")
        start, end = whole_number(pairs[0][1], "rev_start"), whole_number(pairs[-1][1], "rev_end")
        if start == 0 or start != end:
            raise Rejected(f"revisions {start} and {end}")
        keys = dict(pairs)
        if not keys.get("agent"):
            raise Rejected("no agent")
        collectors = []
        for key, value in pairs:
            if key == "collector":
                words = value.split()
                if "/" in value:
                    raise Rejected(f"{value!r} is no target")
                collectors.append((words[0], whole_number(words[1], "port") if len(words) > 1 else 6343))
        sampling, polling, header = (whole_number(keys[key], key) for key in ("sampling", "polling", "header"))
        off = not collectors or (sampling == 0 and polling == 0)
        return {"revision": start, "sampling": sampling, "polling": polling, "header": header, "agent": keys["agent"],
                "collectors": [] if off else collectors}


ALL = (WebServer, JavaAgent, OldSflowovsd)
