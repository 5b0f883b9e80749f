#!/usr/bin/python3
"""Figures of the real server: durable acknowledgement, rule to finished action, memory, start.

    MIDWATCH_PROGRAM=build/release/midwatch bench/server_bench.py [--seconds 5] [--runs 3] [--json]

The load generator (wrk) runs on the same machine, as does a measurement of the disk: the p50 of one
4 KiB write with fdatasync, taken between the runs. Medians of the runs are printed.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))
from engine_process import Engine, wait_until, write_pack  # noqa: E402

RULE = """name: {name}
enabled: true
trigger:
  type: core.st2.webhook
  parameters: {{url: {url}}}
criteria:
  trigger.body.host: {{type: equals, pattern: "{pattern}"}}
action:
  ref: core.noop
"""

WRK = """local body = '{{"host": "{host}", "text": "' .. string.rep("x", 940) .. '"}}'
local file = io.open("{token}") local token = file:read("l") file:close()
wrk.method = "POST"
wrk.path = "/api/v1/webhooks/{url}"
wrk.body = body
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Auth-Token"] = token
function response(status) if status ~= 202 then io.stderr:write("status " .. status .. "\\n") end end
"""


def fsync_p50_ms(directory, count=200):
    """The p50 of a 4 KiB write and fdatasync into a file that is already there."""
    path = pathlib.Path(directory) / "fsync-probe"
    spans = []
    with open(path, "wb", buffering=0) as file:
        file.write(b"\0" * 4096 * count)
        os.fdatasync(file.fileno())
        for i in range(count):
            start = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, i * 4096)
            os.fdatasync(file.fileno())
            spans.append(time.perf_counter() - start)
    path.unlink()
    return statistics.median(spans) * 1000


def wrk(engine, script, connections, seconds):
    """(requests a second, p50 in ms, answers that were not 202)."""
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), engine.url],
                          capture_output=True, text=True, check=True)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)\b", done.stdout).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], done.stderr.count("status")


def metric(engine, name):
    _, _, text = engine.request("GET", "/metrics")
    return sum(float(v) for v in re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([\d.e+]+)$", text, re.M))


def scripts(engine, root):
    made = {}
    for url, host in (("plain", "nobody"), ("work", "web")):
        made[url] = root / f"{url}.lua"
        made[url].write_text(WRK.format(url=url, host=host, token=engine.data / "token"))
    return made


def idle_latency_ms(engine, count=100):
    """From sending a webhook to the end of the action that its rule started, by the engine's own stamp."""
    spans = []
    for i in range(count):
        sent = time.time()
        status, _, _ = engine.post("/webhooks/work", {"host": "web", "n": i})
        assert status == 202
        last = wait_until("the action ends", lambda: (e := engine.get("/executions?limit=1&action=core.noop"))
                          and e[0]["status"] == "succeeded" and ended(e[0]) >= sent and e[0])
        spans.append((ended(last) - sent) * 1000)
        time.sleep(0.01)
    return statistics.median(spans)


def ended(execution):
    import datetime
    return datetime.datetime.fromisoformat(execution["end_timestamp"].replace("Z", "+00:00")).timestamp()


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def start_figures(runs):
    """Start to ready, and resident memory when idle, with 100 packs of 10 rules."""
    starts, residents = [], []
    root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-bench-"))
    for p in range(100):
        write_pack(root / "packs", f"p{p}", {f"rules/r{r}.yaml": RULE.format(name=f"r{r}", url=f"u{p}", pattern=f"h{r}")
                                             for r in range(10)})
    for _ in range(runs):
        engine = Engine(root, [root / "packs"])
        began = time.perf_counter()
        engine.start(wait=False)
        engine.wait_ready()
        starts.append((time.perf_counter() - began) * 1000)
        time.sleep(2)
        residents.append(resident_mb(engine.process.pid))
        engine.stop()
    return {"start_to_ready_ms": statistics.median(starts), "idle_resident_mb": statistics.median(residents)}


def server_figures(seconds, runs):
    root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-bench-"))
    rules = {"rules/work.yaml": RULE.format(name="work", url="work", pattern="web"),
             "rules/plain.yaml": RULE.format(name="plain", url="plain", pattern="web")}
    engine = Engine(root, [write_pack(root / "packs", "bench", rules)]).start()
    lua = scripts(engine, root)
    found = {"ack_64_per_s": [], "ack_1_p50_ms": [], "fsync_p50_ms": [], "rule_to_end_per_s": [], "not_202": 0}
    for _ in range(runs):
        found["fsync_p50_ms"].append(fsync_p50_ms(root))
        rate, _, bad = wrk(engine, lua["plain"], 64, seconds)
        found["ack_64_per_s"].append(rate)
        _, p50, more = wrk(engine, lua["plain"], 1, seconds)
        found["ack_1_p50_ms"].append(p50)
        before, began = metric(engine, "midwatch_executions_finished_total"), time.perf_counter()
        _, _, still = wrk(engine, lua["work"], 64, seconds)
        wait_until("the executions end", lambda: metric(engine, "midwatch_executions_open") == 0, 60)
        found["rule_to_end_per_s"].append((metric(engine, "midwatch_executions_finished_total") - before) /
                                          (time.perf_counter() - began))
        found["not_202"] += bad + more + still
    figures = {name: statistics.median(v) if isinstance(v, list) else v for name, v in found.items()}
    figures["ack_1_p50_in_fsyncs"] = statistics.median(a / f for a, f in zip(found["ack_1_p50_ms"], found["fsync_p50_ms"]))
    figures["idle_webhook_to_end_p50_ms"] = idle_latency_ms(engine)
    figures["resident_after_load_mb"] = resident_mb(engine.process.pid)
    engine.stop()
    return figures


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--json", action="store_true")
    arguments = options.parse_args()
    figures = {**start_figures(arguments.runs), **server_figures(arguments.seconds, arguments.runs)}
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:12.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
