#!/usr/bin/python3
"""Every case in the ```jsonl blocks of docs/rules.md is answered as the page says: its `output`, or the kind of its `error`;
and every operator is on the page."""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    page = (ROOT / "docs" / "rules.md").read_text()
    lines = [line for block in re.findall(r"^```jsonl\n(.*?)^```", page, re.M | re.S) for line in block.splitlines()]
    cases = [json.loads(line) for line in lines]
    names = set(re.findall(r'\{"(\w+)", Op::', (ROOT / "src/model/criteria_operator.cc").read_text()))
    shown = {case.get("operator") for case in cases}
    assert len(names) >= 30 and names <= shown, f"operators without an example: {sorted(names - shown)}"
    asked = "".join(json.dumps({"id": i, **case}) + "\n" for i, case in enumerate(cases))
    done = subprocess.run([os.environ["MIDWATCH_PROGRAM"], "rule", "match", "--batch", "-"], input=asked,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases), done.stdout
    wrong = 0
    for case, answer, line in zip(cases, answers, lines):
        if "error" in case:
            good = answer.get("error", {}).get("kind") == case["error"]
        else:
            good = answer.get("output") is case["output"]
        if not good:
            wrong += 1
            print(f"{line}\n    {answer}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
