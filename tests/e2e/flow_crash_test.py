#!/usr/bin/python3
"""Kills the engine at random moments under mixed workflows: items, joins, retries, workflows in workflows,
action chains, and inquiries that are answered all the while.

Then: every workflow succeeded with the output that it has without a kill, every step was done, no action
whose end was recorded ran again, nothing is left open. All actions are idempotent, so that one that was
cut off runs again instead of ending as abandoned. The seed is printed; MIDWATCH_SEED repeats it.
"""
import collections
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

from engine_process import Engine, wait_until, write_pack

KILLS = int(os.environ.get("MIDWATCH_CRASH_KILLS", "20"))
SEED = int(os.environ.get("MIDWATCH_SEED", str(random.randrange(1 << 32))))
OPEN_MAX = 40  # workflows under way at once

MARK = """name: {name}
description: Writes one line.
runner_type: local-shell-script
entry_point: {name}.sh
idempotent: true
parameters:
  root: {{type: string, required: true, position: 0}}
  step: {{type: string, required: true, position: 1}}
"""
FLOW = """name: {name}
runner_type: {runner}
entry_point: workflows/{name}.yaml
parameters:
  root: {{type: string, required: true}}
  n: {{type: string, required: true}}
"""
INPUT = "root: <% ctx().root %>\n      step: <% ctx().n %>"

WORKFLOWS = {
    "items": f"""version: 1.0
input: [root, n]
tasks:
  each:
    with:
      items: i in <% list(1, 2, 3, 4, 5) %>
      concurrency: 2
    action: flows.mark
    input:
      root: <% ctx().root %>
      step: <% ctx().n + "-" + str(item(i)) %>
    next:
      - when: <% succeeded() %>
        publish: count=<% result().len() %>
        do: last
  last:
    action: flows.mark
    input:
      {INPUT}-last
output:
  - said: <% ctx().n + ":" + str(ctx().count) %>
""",
    "retried": f"""version: 1.0
input: [root, n]
tasks:
  flaky:
    action: flows.flaky
    retry:
      count: 5
      delay: 0
    input:
      {INPUT}-flaky
    next:
      - when: <% succeeded() %>
        do: last
  last:
    action: flows.mark
    input:
      {INPUT}-last
output:
  - said: <% ctx().n %>
""",
    "asks": f"""version: 1.0
input: [root, n]
tasks:
  one:
    action: core.ask
    next:
      - when: <% succeeded() %>
        publish: one=<% result().response.continue %>
        do: both
  two:
    action: core.ask
    next:
      - when: <% succeeded() %>
        do: after
  after:
    action: flows.mark
    input:
      {INPUT}-after
    next:
      - when: <% succeeded() %>
        do: both
  both:
    join: all
    action: flows.mark
    input:
      {INPUT}-both
output:
  - said: <% ctx().n + ":" + str(ctx().one) %>
""",
    "nested": f"""version: 1.0
input: [root, n]
tasks:
  left:
    action: flows.asks
    input:
      root: <% ctx().root %>
      n: <% ctx().n %>-left
    next:
      - when: <% succeeded() %>
        do: both
  right:
    action: flows.items
    input:
      root: <% ctx().root %>
      n: <% ctx().n %>-right
    next:
      - when: <% succeeded() %>
        do: both
  both:
    join: all
    action: flows.mark
    input:
      {INPUT}-both
output:
  - said: <% ctx().n %>
""",
}
CHAIN = """chain:
  - name: first
    ref: flows.mark
    params: {root: "{{ root }}", step: "{{ n }}-first"}
    on-success: ask
  - name: ask
    ref: core.ask
    on-success: items
  - name: items
    ref: flows.items
    params: {root: "{{ root }}", n: "{{ n }}-items"}
    on-success: last
  - name: last
    ref: flows.mark
    params: {root: "{{ root }}", step: "{{ n }}-last"}
"""
STEPS = {
    "items": lambda n: [f"{n}-{i}" for i in range(1, 6)] + [f"{n}-last"],
    "retried": lambda n: [f"{n}-flaky", f"{n}-last"],
    "asks": lambda n: [f"{n}-after", f"{n}-both"],
    "nested": lambda n: STEPS["asks"](f"{n}-left") + STEPS["items"](f"{n}-right") + [f"{n}-both"],
    "chain": lambda n: [f"{n}-first", *STEPS["items"](f"{n}-items"), f"{n}-last"],
}
SAID = {"items": lambda n: f"{n}:5", "retried": lambda n: n, "asks": lambda n: f"{n}:true", "nested": lambda n: n}

PACK = {
    "actions/mark.yaml": MARK.format(name="mark"),
    "actions/mark.sh": '#!/bin/sh\necho "$ST2_ACTION_EXECUTION_ID $2" >> "$1/marks"\n',
    "actions/flaky.yaml": MARK.format(name="flaky"),
    # Fails the first time that it comes to the end.
    "actions/flaky.sh": '#!/bin/sh\nif mkdir "$1/flaky-$2" 2>/dev/null; then exit 1; fi\n'
                        'echo "$ST2_ACTION_EXECUTION_ID $2" >> "$1/marks"\n',
    "actions/chain.yaml": FLOW.format(name="chain", runner="action-chain"),
    "actions/workflows/chain.yaml": CHAIN,
    **{f"actions/{name}.yaml": FLOW.format(name=name, runner="orquesta") for name in WORKFLOWS},
    **{f"actions/workflows/{name}.yaml": text for name, text in WORKFLOWS.items()},
}
DONE = ("succeeded", "failed", "timeout", "canceled", "abandoned")


def quietly(ask):
    """What an engine that may just have been killed answers; None when it does not."""
    try:
        return ask()
    except (OSError, ValueError, AssertionError):
        return None


def pages(engine, path):
    items = []
    while page := engine.get(f"{path}{'&' if '?' in path else '?'}limit=100&offset={len(items)}"):
        items += page
        if len(page) < 100:
            break
    return items


class Load:
    """Starts workflows and answers inquiries until it is told to stop."""

    def __init__(self, engine, root, chance):
        self.engine, self.root, self.chance = engine, root, chance
        self.asked = 0
        self.answered = 0
        self.stopping = False
        self.answering = True
        self.threads = [threading.Thread(target=self.start_all), threading.Thread(target=self.answer_all)]
        for thread in self.threads:
            thread.start()

    def start_all(self):
        kinds = sorted(STEPS)
        while not self.stopping:
            running = quietly(lambda: self.engine.get(f"/executions?parent=null&limit={OPEN_MAX}"))
            if running is not None and sum(e["status"] not in DONE for e in running) < OPEN_MAX:
                kind = kinds[self.asked % len(kinds)]
                self.asked += 1
                n = f"w{self.asked}"
                quietly(lambda: self.engine.post("/executions", {
                    "action": f"flows.{kind}", "parameters": {"root": str(self.root), "n": n}}))
            time.sleep(self.chance.uniform(0, 0.02))

    def answer_all(self):
        while self.answering:
            for inquiry in quietly(lambda: self.engine.get("/inquiries?limit=100")) or []:
                body = {"id": inquiry["id"], "response": {"continue": True}}
                answer = quietly(lambda: self.engine.request("PUT", f"/api/v1/inquiries/{inquiry['id']}", body))
                self.answered += answer is not None and answer[0] == 200
            time.sleep(0.02)

    def stop(self):
        self.stopping = True
        self.threads[0].join()


def marks_of(root):
    """Execution → the steps that it wrote; a line that a kill cut short is not there."""
    found = collections.defaultdict(list)
    for line in (root / "marks").read_text().splitlines():
        execution, _, step = line.partition(" ")
        found[execution].append(step)
    return found


def main():
    print(f"seed {SEED}: {KILLS} kills", flush=True)
    chance = random.Random(SEED)
    root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-flows-"))
    (root / "marks").touch()
    engine = Engine(root, [write_pack(root / "packs", "flows", PACK)], ["--running-max", "8"]).start()
    try:
        run(engine, root, chance)
        assert engine.stop() == 0
    finally:
        if engine.process.poll() is None:
            engine.kill()
    return 0


def is_running(root):
    """Whether a process that the engine left behind, an attempt that it had started, is at work in `root`."""
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(root).encode() in line.read_bytes():
                return True
        except OSError:
            continue  # it has ended
    return False


def run(engine, root, chance):
    load = Load(engine, root, random.Random(SEED + 1))
    finished = {}  # execution → how many lines it had written when its end was on record
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.0, 0.4))  # the random moment
        for record in quietly(lambda: engine.get("/executions?action=flows.mark&status=succeeded&limit=100")) or []:
            finished.setdefault(record["id"], len(marks_of(root)[record["id"]]))
        engine.kill()
        # An attempt that outlives its engine may write its line when the next one is on record already: that is what
        # `idempotent: true` allows, and no run that came after an end.
        wait_until("what was started has ended", lambda: not is_running(root))
        engine.start()
    load.stop()

    def all_ended():
        open_ones = [s for s in ("requested", "scheduled", "delayed", "running", "pending", "pausing", "paused",
                                 "resuming", "canceling") if engine.get(f"/executions?status={s}&limit=1")]
        return not open_ones
    try:
        wait_until("everything ends", all_ended, 180)
    finally:
        load.answering = False
        load.threads[1].join()
    check(engine, root, finished, load)


def check(engine, root, finished, load):
    marks = marks_of(root)
    done = {step for steps in marks.values() for step in steps}
    kinds = collections.Counter()
    for record in pages(engine, "/executions?parent=null"):
        kind = record["action"]["ref"].removeprefix("flows.")
        if kind not in STEPS:
            continue
        kinds[kind] += 1
        n = record["parameters"]["n"]
        assert record["status"] == "succeeded", json.dumps(record, indent=1)[:3000]
        missing = [step for step in STEPS[kind](n) if step not in done]
        assert not missing, f"{kind} {n}: {missing} were not done"
        if kind in SAID:
            said = record["result"]["output"]["said"]
            assert said == SAID[kind](n), f"{kind} {n} said {said}"
    again = {e: (count, len(marks[e])) for e, count in finished.items() if len(marks[e]) != count}
    assert not again, f"ran again after its end was on record: {again}"
    assert kinds, "nothing was started"
    print(f"{sum(kinds.values())} workflows {dict(kinds)}, {load.answered} answers, {len(marks)} actions, "
          f"{sum(len(steps) > 1 for steps in marks.values())} of them started again after a kill")


if __name__ == "__main__":
    sys.exit(main())
