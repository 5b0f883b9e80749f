#!/usr/bin/python3
"""Every YAML example of the documentation that names its file (`# rules/x.yaml` in its first line) is put into a
pack of that shape, and the pack must be valid: what the pages show is what the program takes."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"

# What the examples talk about.
PACK = {
    "pack.yaml": "name: linux\ndescription: Examples.\nversion: 1.0.0\nauthor: Docs\nemail: docs@example.org\n",
    "actions/restart.yaml": """name: restart
runner_type: local-shell-cmd
parameters:
  host: {type: string, required: true}
  cmd: {default: "true", immutable: true}
""",
    "actions/deploy.yaml": """name: deploy
runner_type: action-chain
entry_point: chains/deploy.yaml
parameters:
  who: {type: string, required: true}
""",
    "actions/look.yaml": """name: look
runner_type: orquesta
entry_point: workflows/look.yaml
parameters:
  host: {type: string, required: true}
""",
}


def main():
    examples = {}
    for page in sorted(DOCS.glob("*.md")):
        for path, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", page.read_text(), re.M | re.S):
            assert path not in examples, f"{page.name}: {path} is there twice"
            examples[path] = text
    assert len(examples) >= 3, examples.keys()
    with tempfile.TemporaryDirectory(prefix="midwatch-examples-") as folder:
        for path, text in {**PACK, **examples}.items():
            file = pathlib.Path(folder) / "linux" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        done = subprocess.run([os.environ["MIDWATCH_PROGRAM"], "validate", str(pathlib.Path(folder) / "linux")],
                              capture_output=True, text=True, timeout=60)
        print(done.stdout + done.stderr)
        assert done.returncode == 0, f"the examples {sorted(examples)} are not valid"
    return 0


if __name__ == "__main__":
    sys.exit(main())
