#!/usr/bin/python3
"""Runs every example of docs/expressions-*.md and asks that every registered name has one.

    expressions_test.py MIDWATCH DOCS

A section's examples begin with <!-- examples: yaql | orquesta | jinja -->; a row is | `expression` | `result` |,
where the result is JSON or `error: KIND`. `\\|` is a bar.
"""
import json
import pathlib
import re
import subprocess
import sys

TASK = {
    "__current_task": {"id": "t1", "route": 0, "result": {"exit_code": 0, "stdout": "ok"}},
    "__current_item": {"name": "web1", "port": 80},
    "__state": {"tasks": {"t1__r0": 0}, "sequence": [{"id": "t1", "route": 0, "status": "succeeded"}], "routes": [[]]},
}
RECORD = {
    "kv": {"system": {"region": "eu"}, "user": {"shell": "bash"}},
    "task_executions": [{
        "id": "e1", "workflow_execution": "w1", "task_id": "t1", "task_name": "t1", "task_route": 0,
        "result": {"exit_code": 0}, "status": "succeeded",
        "start_timestamp": "2024-01-01T00:00:00Z", "end_timestamp": "2024-01-01T00:00:02Z"}],
}
# Registered as filters like every function of Orquesta, but they take nothing that could be piped into them.
TAKES_NOTHING = {"jinja filter " + name for name in ("completed", "failed", "result", "succeeded")}
ROW = re.compile(r"^\| (`+) ?(.+?) ?\1 \| (`+) ?(.*?) ?\3 \|$")


def examples(page):
    text = page.read_text(encoding="utf-8")
    variables = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))
    language = None
    for number, line in enumerate(text.splitlines(), 1):
        marker = re.match(r"<!-- examples: (\w+) -->", line)
        if marker:
            language = marker.group(1)
        row = ROW.match(line)
        if row and language and "expression" not in line.split("|")[1].strip():
            yield number, language, row.group(2).replace("\\|", "|"), row.group(4).replace("\\|", "|"), variables
        elif line.startswith("| `"):
            raise SystemExit("%s:%d: not a row of an example: %s" % (page, number, line))
        elif not line.startswith(("|", "<!--")) and line:
            language = None


def case(language, source, variables, key):
    record = dict(RECORD, id=key, context=dict(variables, **TASK))
    if language == "yaql":
        return dict(record, expr=source, form="expression")
    if language == "orquesta":
        return dict(record, template="{{ " + source + " }}", layer="orquesta")
    return dict(record, template=source, layer="jinja")


def shown(name, kind, language, text):
    """Whether an example uses the name as what it is."""
    word = re.escape(name)
    if kind == "yaql function":
        return language == "yaql" and re.search(r"(?<![.\w])%s\(" % word, text)
    if kind == "yaql method":
        return language == "yaql" and re.search(r"\.%s\(" % word, text)
    if language == "yaql":
        return False
    if kind == "jinja filter":
        return re.search(r"\|\s*%s\b|filter %s\b|map\('%s'" % (word, word, word), text)
    if kind == "jinja test":
        return re.search(r"\bis (not )?%s(?!\w)|'%s'" % (word, word), text)
    return re.search(r"(?<![.\w|])%s\(" % word, text)


def main():
    midwatch, docs = sys.argv[1:3]
    found = []
    for page in sorted(pathlib.Path(docs).glob("expressions-*.md")):
        found += [(page.name,) + example for example in examples(page)]
    lines = "".join(json.dumps(case(language, source, variables, "%s:%d" % (name, number))) + "\n"
                    for name, number, language, source, _, variables in found)
    done = subprocess.run([midwatch, "eval", "--batch", "-"], input=lines, capture_output=True, text=True, check=False)
    answers = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
    bad = []
    for name, number, _, source, want, _ in found:
        answer = answers.get("%s:%d" % (name, number), {})
        have = json.dumps(answer["output"], ensure_ascii=False) if "output" in answer else \
            "error: %s" % answer.get("error", {}).get("kind")
        if have != want:
            bad.append("%s:%d: %s\n  documented %s\n  is         %s %s" % (
                name, number, source, want, have, answer.get("error", {}).get("message", "")))
    registered = subprocess.run([midwatch, "reference", "expressions"], capture_output=True, text=True, check=True).stdout
    names = [line.rsplit(" ", 1) for line in registered.splitlines()]
    assert len(names) > 300, "only %d names are registered" % len(names)
    for kind, word in names:
        if "%s %s" % (kind, word) in TAKES_NOTHING:
            continue
        if not any(shown(word, kind, language, source) for _, _, language, source, _, _ in found):
            bad.append("no example of the %s %s" % (kind, word))
    print("%d examples, %d names" % (len(found), len(names)))
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
