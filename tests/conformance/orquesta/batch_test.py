#!/usr/bin/python3
"""`midwatch workflow rehearse --batch` and `workflow inspect --batch` print recorded cases as they were recorded: each
`see`, the final state with its lists of contexts, each inspection error. Equal to the letter but for what the README
leaves open (texts of Python's own errors) and the cases of EXCEPTIONS."""
import json
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
# docs/differences.md says why the first; in the others the text of an error of YAQL is ours.
EXCEPTIONS = {"merge-late-arrival-while-items-run", "err-unknown-method", "fn-ctx-private-dot", "fn-json-error"}


def lines_of(command, file):
    done = subprocess.run([os.environ["MIDWATCH_PROGRAM"], "workflow", command, "--batch", str(file)],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(a, b):
    """1 and 1.0 are different, true and 1 too; objects without regard to order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def refusal(see):
    """Of refusals whose text Python made, only that there is one."""
    raises = see.get("raises")
    return {"raises": "python"} if raises and raises["type"] in ("TypeError", "KeyError", "AttributeError") else {}


def without_texts(part):
    """Errors whose text comes from Python's runtime."""
    return {**part, **{key: [{**error, "message": ""} for error in part[key]]
                       for key in ("errors", "errors_now") if key in part}}


def main():
    recorded = [json.loads(line) for line in (FOLDER / "traces.jsonl").read_text().splitlines()]
    printed = lines_of("rehearse", FOLDER / "traces.jsonl")
    assert [case["id"] for case in recorded] == [case["id"] for case in printed]
    wrong = []
    for want, got in zip(recorded, printed):
        lenient = without_texts if "python-artifact" in want["features"] else lambda part: part
        steps = len(want["trace"]) == len(got["trace"]) and all(
            same(a["do"], b["do"]) and
            same(lenient({**a["see"], **refusal(a["see"])}), lenient({**b["see"], **refusal(b["see"])}))
            for a, b in zip(want["trace"], got["trace"]))
        if not steps or not same(lenient(want["final"]), lenient(got["final"])):
            wrong.append(want["id"])
    print(f"traces: {len(recorded) - len(wrong)} of {len(recorded)} as recorded")
    assert set(wrong) <= EXCEPTIONS, sorted(wrong)

    recorded = [json.loads(line) for line in (FOLDER / "inspection.jsonl").read_text().splitlines()]
    printed = lines_of("inspect", FOLDER / "inspection.jsonl")
    for want, got in zip(recorded, printed, strict=True):
        assert want["id"] == got["id"]
        if "raises" not in want["expect"]:
            assert same(want["expect"], got["expect"]), want["id"]
        elif want["expect"]["raises"]["deliberate"]:
            assert "raises" in got, want["id"]
        else:
            assert "raises" in got or got["errors"], want["id"]
    print(f"inspections: all {len(recorded)} as recorded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
