#!/usr/bin/python3
"""Figures of workflows against the real server: tasks a second, items, nesting, memory, large results.

    MIDWATCH_PROGRAM=build/release/midwatch bench/flow_bench.py [--runs 3] [--only tasks,items,…] [--json]

Everything is durable (fsync on); medians of the runs are printed. The clients run on the same machine.
"""
import argparse
import http.client
import json
import pathlib
import re
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))
from engine_process import Engine, wait_until, write_pack  # noqa: E402

SEQUENCE = 100
NESTED = 100
WAITING = 10_000
ITEMS = (14, 32, 76, 101, 1_000, 10_000)
RESULT_BYTES = (61_000, 647_000, 4_000_000, 8_000_000)


def sequence(count):
    tasks = "".join(f"  t{i}:\n    action: core.noop\n" +
                    (f"    next:\n      - when: <% succeeded() %>\n        do: t{i + 1}\n" if i + 1 < count else "")
                    for i in range(count))
    return "version: 1.0\ntasks:\n" + tasks


def flow(name, *parameters):
    known = "".join(f"  {p}: {{}}\n" for p in parameters)
    return f"name: {name}\nrunner_type: orquesta\nentry_point: workflows/{name}.yaml\n" + \
        (f"parameters:\n{known}" if known else "")


NEST = """version: 1.0
input: [n]
tasks:
  start:
    action: core.noop
    next:
      - when: <% ctx().n > 1 %>
        do: below
  below:
    action: bench.nest
    input:
      n: <% ctx().n - 1 %>
"""
EACH = """version: 1.0
input: [n]
tasks:
  each:
    with: <% range(0, ctx().n).toList() %>
    action: core.noop
"""
WAIT = """version: 1.0
tasks:
  later:
    action: core.noop
    delay: 7200
"""
PASS = """version: 1.0
input: [n]
tasks:
  t1:
    action: bench.make
    input:
      n: <% ctx().n %>
    next:
      - when: <% succeeded() %>
        publish: text=<% result().result.text %>
        do: t2
""" + "".join(f"""  t{i}:
    action: bench.take
    input:
      text: <% ctx().text %>
""" + (f"""    next:
      - when: <% succeeded() %>
        publish: text=<% ctx().text %>
        do: t{i + 1}
""" if i < 5 else "") for i in range(2, 6)) + """output:
  - text: <% ctx().text %>
"""
PACK = {
    "actions/sequence.yaml": flow("sequence"), "actions/workflows/sequence.yaml": sequence(SEQUENCE),
    "actions/nest.yaml": flow("nest", "n"), "actions/workflows/nest.yaml": NEST,
    "actions/each.yaml": flow("each", "n"), "actions/workflows/each.yaml": EACH,
    "actions/wait.yaml": flow("wait"), "actions/workflows/wait.yaml": WAIT,
    "actions/pass.yaml": flow("pass", "n"), "actions/workflows/pass.yaml": PASS,
    "actions/take.yaml": "name: take\nrunner_type: noop\nparameters:\n  text: {type: string}\n",
    "actions/make.yaml": "name: make\nrunner_type: python-script\nentry_point: make.py\n"
                         "parameters:\n  n: {type: integer}\n",
    "actions/make.py": "import base64\nimport os\n\nfrom st2common.runners.base_action import Action\n\n\nclass Make(Action):\n"
                       "    def run(self, n):  # nothing that a compressor could make small\n"
                       "        return {'text': base64.b64encode(os.urandom(n)).decode()[:n]}\n",
}


def finished_total(engine):
    _, _, text = engine.request("GET", "/metrics")
    return int(float(re.search(r"^midwatch_executions_finished_total ([\d.e+]+)$", text, re.M).group(1)))


def start(engine, action, parameters=None, times=1, threads=1):
    """Starts an action many times over kept connections."""
    def some(count):
        connection = http.client.HTTPConnection(engine.url[7:], timeout=120)
        body = json.dumps({"action": action, "parameters": parameters or {}})
        for _ in range(count):
            while True:
                connection.request("POST", "/api/v1/executions", body,
                                   {"Content-Type": "application/json", "X-Auth-Token": engine.token})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status == 201:
                    break
                assert answer.status == 429, text
                time.sleep(0.01)
    made = [threading.Thread(target=some, args=(times // threads,)) for _ in range(threads)]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join()


def timed(engine, ended, *what, **how):
    """Seconds from the first request until `ended` further executions have ended."""
    before = finished_total(engine)
    began = time.perf_counter()
    start(engine, *what, **how)
    wait_until(f"{ended} executions end", lambda: finished_total(engine) - before >= ended, 300)
    return time.perf_counter() - began


def resident_mb(engine):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{engine.process.pid}/status").read_text()).group(1)) / 1024


def tasks(engine):
    took = timed(engine, 64 * (SEQUENCE + 1), "bench.sequence", times=64, threads=8)
    return {"durable tasks a second (64 workflows of 100)": 64 * SEQUENCE / took}


def items(engine):
    found = {}
    for count in ITEMS:
        took = timed(engine, count + 1, "bench.each", {"n": count})
        found[f"with-items of {count:,}, s"] = took
        found[f"with-items of {count:,}, ms an item"] = took / count * 1000
    return found


def nested(engine):
    return {f"{NESTED} workflows in workflows, s": timed(engine, 2 * NESTED, "bench.nest", {"n": NESTED})}


def memory(engine):
    before = resident_mb(engine)
    start(engine, "bench.wait", times=WAITING, threads=8)
    return {f"resident with {WAITING:,} workflows that wait, MB": resident_mb(engine), "resident before, MB": before}


def results(engine):
    found = {}
    for count in RESULT_BYTES:
        size = sum(f.stat().st_size for f in engine.data.glob("**/*") if f.is_file())
        took = timed(engine, 6, "bench.pass", {"n": count})
        last = engine.get("/executions?action=bench.pass&limit=1&include_attributes=id")[0]["id"]
        output = json.loads(engine.request("GET", f"/api/v1/executions/{last}/result")[2])["output"]
        assert output and len(output["text"]) == count, f"{count} bytes did not come through: {str(output)[:200]}"
        found[f"result of {count // 1000:,} KB through five tasks, s"] = took
        after = sum(f.stat().st_size for f in engine.data.glob("**/*") if f.is_file())
        found[f"result of {count // 1000:,} KB, the store grew by MB"] = (after - size) / 1e6
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="tasks,items,nested,results,memory")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    for _ in range(given.runs):
        root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-flow-bench-"))
        engine = Engine(root, [write_pack(root / "packs", "bench", PACK)]).start()
        try:
            for name in given.only.split(","):
                for what, value in globals()[name](engine).items():
                    found.setdefault(what, []).append(value)
        finally:
            engine.stop()
    medians = {what: statistics.median(values) for what, values in found.items()}
    if given.json:
        print(json.dumps(medians, indent=1))
    else:
        for what, value in medians.items():
            print(f"{what:60} {value:12,.3f}")


if __name__ == "__main__":
    main()
