#!/usr/bin/python3
"""Runs the ```sh blocks of a page of the documentation, in order, in one shell, in an empty folder.

    page_test.py PAGE.md [EXPECTED TEXT …]

Each EXPECTED TEXT must be in what the commands print. Port 9101 of the page becomes a free one.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time


def end_group(group):
    """Ends what the page left running in its process group, the server above all, and waits for it."""
    deadline = time.monotonic() + 30
    try:
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    page = pathlib.Path(sys.argv[1]).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    assert blocks, f"{sys.argv[1]} has no sh blocks"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = "set -euo pipefail\n" + "\n".join(blocks).replace("9101", str(port))
    program = pathlib.Path(os.environ["MIDWATCH_PROGRAM"])
    environment = {"PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"),
                   "LANG": "C.UTF-8", "MIDWATCH_URL": f"http://127.0.0.1:{port}"}
    with tempfile.TemporaryDirectory(prefix="midwatch-page-") as folder:
        with open(pathlib.Path(folder).parent / (pathlib.Path(folder).name + ".log"), "w+") as log:
            os.unlink(log.name)  # kept by the descriptor alone
            shell = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                shell.wait(120)
            finally:
                end_group(shell.pid)
            log.seek(0)
            output = log.read()
    print(output)
    assert shell.returncode == 0, f"the page's commands ended with {shell.returncode}"
    for expected in sys.argv[2:]:
        assert expected in output, f"'{expected}' is not in the output"


if __name__ == "__main__":
    main()
