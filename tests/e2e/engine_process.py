"""A real `midwatch serve` for tests: a fresh data directory, a free port, stopped by its process id."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PROGRAM = os.environ["MIDWATCH_PROGRAM"]


def wait_until(what, holds, within=30.0):
    """Polls with a deadline: there is no sleeping for luck in these tests."""
    deadline = time.monotonic() + within
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within} s")
        time.sleep(0.02)


class Engine:
    def __init__(self, directory=None, packs=(), settings=()):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="midwatch-e2e-"))
        self.data = self.directory / "data"
        self.log = self.directory / "engine.log"
        self.packs = [str(p) for p in packs]
        self.settings = list(settings)
        self.process = None
        self.url = None
        self.token = None

    def start(self, wait=True):
        (self.data / "api.addr").unlink(missing_ok=True)
        command = [PROGRAM, "serve", "--data-dir", str(self.data), "--listen", "127.0.0.1:0", *self.settings]
        if self.packs:
            command += ["--packs", ":".join(self.packs)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the engine ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                self.url = "http://" + (self.data / "api.addr").read_text().strip()
                self.token = (self.data / "token").read_text().strip()
                with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                    return answer.status == 200
            except (OSError, ValueError):
                return False
        wait_until("the engine is ready", ready)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("SIGTERM did not stop the engine within 30 s")
        return self.process.returncode

    def request(self, method, path, body=None, headers=None, token=True, timeout=30):
        """(status, headers, text) of one request; raises OSError when nobody answers."""
        given = {"Content-Type": "application/json", **(headers or {})}
        if token:
            given["X-Auth-Token"] = self.token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=body, headers=given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def get(self, path):
        status, _, text = self.request("GET", "/api/v1" + path)
        assert status == 200, (path, status, text)
        return json.loads(text)

    def post(self, path, body):
        return self.request("POST", "/api/v1" + path, body)

    def run(self, action, parameters=None, within=60.0):
        """Runs an action to its end and returns the execution."""
        status, _, text = self.post("/executions", {"action": action, "parameters": parameters or {}})
        assert status == 201, text
        return self.ended(json.loads(text)["id"], within)

    def ended(self, execution, within=60.0):
        done = ("succeeded", "failed", "timeout", "canceled", "abandoned")
        return wait_until(f"execution {execution} ends",
                          lambda: (e := self.get(f"/executions/{execution}"))["status"] in done and e, within)


def write_pack(root, name, files):
    """A pack directory from {path: text}; scripts become executable."""
    for path, text in {"pack.yaml": MANIFEST.format(name=name), **files}.items():
        file = pathlib.Path(root) / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if file.suffix == ".sh":
            file.chmod(0o755)
    return pathlib.Path(root)


MANIFEST = """name: {name}
description: A pack of the tests.
version: 1.0.0
author: Tests
email: tests@example.org
"""
