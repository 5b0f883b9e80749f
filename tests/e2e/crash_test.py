#!/usr/bin/python3
"""Kills the engine at 50 random moments of a run of 1,000 webhook-started workflows of two steps.

Then: each acknowledged event was decided exactly once, each action that finished ran exactly once, no
action ran twice, everything ended. The seed is printed; MIDWATCH_SEED repeats it.
"""
import collections
import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

from engine_process import Engine, wait_until, write_pack

EVENTS = int(os.environ.get("MIDWATCH_CRASH_EVENTS", "1000"))
KILLS = int(os.environ.get("MIDWATCH_CRASH_KILLS", "50"))
SENDERS = 8
SEED = int(os.environ.get("MIDWATCH_SEED", str(random.randrange(1 << 32))))

PACK = {
    "actions/mark.yaml": """name: mark
description: Writes one line; not idempotent, so it must never run twice.
runner_type: local-shell-script
entry_point: mark.sh
parameters:
  file: {type: string, required: true, position: 0}
  step: {type: string, required: true, position: 1}
""",
    # The id of the execution tells runs of the same step apart.
    "actions/mark.sh": '#!/bin/sh\necho "$ST2_ACTION_EXECUTION_ID $2" >> "$1"\n',
    "actions/two_steps.yaml": """name: two_steps
runner_type: orquesta
entry_point: workflows/two_steps.yaml
parameters:
  file: {type: string, required: true}
  n: {type: integer, required: true}
""",
    "actions/workflows/two_steps.yaml": """version: 1.0
input: [file, n]
tasks:
  first:
    action: crash.mark
    input:
      file: <% ctx().file %>
      step: <% str(ctx().n) %>-1
    next:
      - when: <% succeeded() %>
        do: second
  second:
    action: crash.mark
    input:
      file: <% ctx().file %>
      step: <% str(ctx().n) %>-2
""",
    "rules/on_event.yaml": """name: on_event
enabled: true
trigger:
  type: core.st2.webhook
  parameters: {url: crash}
action:
  ref: crash.two_steps
  parameters:
    file: "{{ trigger.body.file }}"
    n: "{{ trigger.body.n }}"
""",
}


def send(engine, numbers, marks, acknowledged, lock):
    """Posts each number once; an answer that did not come is an event that may or may not be there."""
    connection = None
    for n in numbers:
        while True:
            try:
                url, token = engine.url, engine.token
                connection = connection or http.client.HTTPConnection(url[7:], timeout=10)
                connection.request("POST", "/api/v1/webhooks/crash", json.dumps({"n": n, "file": str(marks)}),
                                   {"Content-Type": "application/json", "X-Auth-Token": token})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    with lock:
                        acknowledged.add(n)
                    break
                if answer.status in (429, 503):
                    time.sleep(0.05)
                    continue
                raise AssertionError(f"event {n}: status {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                connection = None
                if isinstance(error, ConnectionRefusedError):  # it never arrived: send it again
                    time.sleep(0.02)
                    continue
                break


def pages(engine, path):
    """All records of a list, page by page."""
    items, offset = [], 0
    while True:
        page = engine.get(f"{path}{'&' if '?' in path else '?'}limit=100&offset={offset}")
        items += page
        offset += len(page)
        if len(page) < 100:
            return items


def main():
    print(f"seed {SEED}: {EVENTS} events, {KILLS} kills", flush=True)
    chance = random.Random(SEED)
    root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-crash-"))
    marks = root / "marks"
    marks.touch()
    engine = Engine(root, [write_pack(root / "packs", "crash", PACK)], ["--running-max", "8"]).start()
    acknowledged, lock = set(), threading.Lock()
    senders = [threading.Thread(target=send, args=(engine, range(i, EVENTS, SENDERS), marks, acknowledged, lock))
               for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.0, 0.25))  # the random moment
        engine.kill()
        engine.start()
    for sender in senders:
        sender.join()

    def open_count():
        done = ("succeeded", "failed", "timeout", "canceled", "abandoned")
        return all(engine.get(f"/executions?status={s}&limit=1") == [] for s in
                   ("requested", "scheduled", "delayed", "running", "canceling")) and done
    wait_until("every execution ends", open_count, 120)
    check(engine, acknowledged, marks)
    assert engine.stop() == 0
    return 0


def check(engine, acknowledged, marks):
    instances = pages(engine, "/triggerinstances?trigger=core.st2.webhook")
    decided = collections.Counter(i["payload"]["body"]["n"] for i in instances)
    lost = acknowledged - set(decided)
    assert not lost, f"acknowledged and lost: {sorted(lost)[:10]}"
    twice = {n for n, count in decided.items() if count > 1}
    assert not twice, f"decided more than once: {sorted(twice)[:10]}"
    enforced = collections.Counter(e["trigger_instance_id"] for e in pages(engine, "/ruleenforcements?rule_ref=crash.on_event"))
    wrong = {i["id"] for i in instances if enforced[i["id"]] != 1}
    assert not wrong, f"events that were not enforced exactly once: {sorted(wrong)[:10]}"

    runs = collections.Counter(line.split()[0] for line in marks.read_text().splitlines())
    steps = pages(engine, "/executions?action=crash.mark&include_attributes=id,status")
    flows = pages(engine, "/executions?action=crash.two_steps&include_attributes=id,status")
    assert len(flows) == len(instances), (len(flows), len(instances))
    for step in steps:
        ran = runs.pop(step["id"], 0)
        assert ran <= 1, f"execution {step['id']} ran {ran} times"
        if step["status"] == "succeeded":
            assert ran == 1, f"execution {step['id']} is recorded as succeeded and never ran"
    assert not runs, f"lines of executions that are not recorded: {list(runs)[:5]}"
    by_status = collections.Counter(s["status"] for s in steps)
    print(f"{len(acknowledged)} acknowledged, {len(instances)} decided, steps {dict(by_status)}, "
          f"workflows {dict(collections.Counter(f['status'] for f in flows))}", flush=True)
    assert set(by_status) <= {"succeeded", "abandoned", "failed"}, by_status


if __name__ == "__main__":
    sys.exit(main())
