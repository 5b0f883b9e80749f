#!/usr/bin/python3
"""The main job, with the engine killed by SIGKILL in the middle of the first outage: both incidents still end
as they must, with nobody woken by the first.

    demo_test.py [DURATION after which the engine is killed | none]
"""
import json
import os
import subprocess
import sys


def main():
    command = [os.environ["MIDWATCH_PROGRAM"], "demo", "--json"]
    if sys.argv[1] != "none":
        command += ["--kill-engine-after", sys.argv[1]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    print(done.stderr)
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    first, second = report["outages"]
    assert first["incident"]["state"] == "remediated" and first["incident"]["people_woken"] == 0
    assert second["incident"]["state"] == "escalated" and second["incident"]["people_woken"] == 1
    events = [entry["event"] for entry in second["incident"]["timeline"]]
    assert "denied" in events and "paged" in events, events
    return 0


if __name__ == "__main__":
    sys.exit(main())
