#!/usr/bin/python3
"""Every workflow of docs/workflows.md (a YAML block that begins with `# workflow NAME`) is inspected and goes as its
rehearsal (`# rehearsal NAME`) expects; and a rehearsal that expects something else fails, with the place."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "workflows.md"
PROGRAM = os.environ["MIDWATCH_PROGRAM"]


def run(*words):
    done = subprocess.run([PROGRAM, "workflow", *map(str, words)], capture_output=True, text=True, timeout=60)
    print(done.stdout + done.stderr)
    return done


def main():
    blocks = {}
    for kind, name, text in re.findall(r"^```yaml\n# (workflow|rehearsal) (\w+)\n(.*?)^```", PAGE.read_text(), re.M | re.S):
        assert (kind, name) not in blocks, f"{kind} {name} is there twice"
        blocks[kind, name] = text
    names = sorted(name for kind, name in blocks if kind == "workflow")
    assert len(names) >= 9, names
    assert names == sorted(name for kind, name in blocks if kind == "rehearsal"), "each workflow has a rehearsal"
    with tempfile.TemporaryDirectory(prefix="midwatch-workflows-") as folder:
        for name in names:
            workflow = pathlib.Path(folder) / f"{name}.yaml"
            script = pathlib.Path(folder) / f"{name}.test.yaml"
            workflow.write_text(blocks["workflow", name])
            script.write_text(blocks["rehearsal", name])
            assert run("inspect", workflow).returncode == 0, f"{name} has mistakes"
            assert run("rehearse", workflow, "--script", script).returncode == 0, f"{name} did not go as expected"
            assert run("graph", workflow, "--svg").stdout.startswith("<svg"), f"{name} cannot be drawn"
            # Standing alone, a script names its workflow.
            script.write_text(f"workflow: {name}.yaml\nexpect: {{status: timeout}}\n")
            wrong = run("rehearse", script)
            assert wrong.returncode == 1, f"{name} ended with a timeout?"
            assert f"{name}.test.yaml:2:18: status:" in wrong.stdout, wrong.stdout
    return 0


if __name__ == "__main__":
    sys.exit(main())
