#!/usr/bin/python3
"""What must be handled: bodies, scripts and packs that are wrong, each with a clear answer and nothing lost."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from engine_process import PROGRAM, Engine, wait_until, write_pack

SCRIPT = """name: {name}
runner_type: local-shell-script
entry_point: {name}.sh
parameters:
  timeout: {{default: {timeout}}}
"""

SCRIPTS = {
    # name: (text, timeout)
    "ok": ("#!/bin/sh\necho fine\n", 20),
    "floods": ("#!/bin/sh\nyes 0123456789abcdef | head -c 1073741824\n", 60),
    "ignores_term": ("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n", 1),
    "leaves_children": ("#!/bin/sh\nsleep 300 &\nsleep 300 &\necho left\n", 20),
    "exits_7": ("#!/bin/sh\necho out\necho err >&2\nexit 7\n", 20),
}

FILES = {f"actions/{n}.yaml": SCRIPT.format(name=n, timeout=t) for n, (_, t) in SCRIPTS.items()}
FILES |= {f"actions/{n}.sh": text for n, (text, _) in SCRIPTS.items()}
FILES |= {
    "actions/vanishes.yaml": SCRIPT.format(name="vanishes", timeout=5),
    "actions/vanishes.sh": "#!/bin/sh\n",
    "actions/locked.yaml": SCRIPT.format(name="locked", timeout=5),
    "actions/locked.sh": "#!/bin/sh\necho fine\n",
    "actions/breaks.yaml": """name: breaks
runner_type: orquesta
entry_point: workflows/breaks.yaml
""",
    "actions/workflows/breaks.yaml": """version: 1.0
vars:
  - text: seven
tasks:
  only:
    action: core.noop
    next:
      - publish:
          - sum: <% ctx().text + 7 %>
        do: never
  never:
    action: core.noop
""",
    "rules/hook.yaml": """name: hook
enabled: true
trigger:
  type: core.st2.webhook
  parameters: {url: bad}
criteria:
  trigger.body.n: {type: greaterthan, pattern: 3}
action:
  ref: core.noop
""",
}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-bad-"))
        packs = write_pack(cls.root / "packs", "bad", FILES)
        cls.engine = Engine(cls.root, [packs]).start()
        (packs / "bad/actions/locked.sh").chmod(0o644)

    @classmethod
    def tearDownClass(cls):
        assert cls.engine.stop() == 0

    def refused(self, status, body, *words, path="/webhooks/bad", **more):
        got, headers, text = self.engine.request("POST", "/api/v1" + path, body, **more)
        self.assertEqual(got, status, text)
        fault = json.loads(text)["faultstring"]
        for word in words:
            self.assertIn(word, fault)
        return headers

    # ---- bodies
    def test_a_body_of_100_mb_is_refused_and_not_kept(self):
        before = self.resident_mb()
        host, port = self.engine.url[7:].split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall((f"POST /api/v1/webhooks/bad HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {self.engine.token}\r\n"
                                "Content-Type: application/json\r\nContent-Length: 104857600\r\n\r\n").encode())
            block = b"x" * (1 << 20)
            try:
                for _ in range(100):
                    connection.sendall(block)
            except OSError:
                pass  # it may hang up once it has answered
            try:
                answer = connection.recv(4096)
            except OSError:
                answer = b""
        if answer:
            self.assertIn(b" 413 ", answer.split(b"\r\n")[0] + b" ")
        self.assertLess(self.resident_mb() - before, 30)
        self.still_works()

    def test_json_10000_deep_is_refused_with_the_limit(self):
        self.refused(400, b"[" * 10_000 + b"]" * 10_000, "nest")
        self.still_works()

    def test_broken_json_is_refused_with_its_place(self):
        self.refused(400, b'{"n": 1,\n "m": }', "2:")

    def test_invalid_utf8_is_refused(self):
        self.refused(400, b'{"n": "\xff"}', "UTF-8")

    def test_an_unknown_webhook_is_404(self):
        self.refused(404, {}, "nobody", path="/webhooks/nobody")

    def test_without_a_token_nothing_is_done(self):
        got, _, text = self.engine.request("POST", "/api/v1/webhooks/bad", {"n": 9}, token=False)
        self.assertEqual(got, 401, text)

    # ---- rules and workflows at run time
    def test_a_criterion_that_cannot_be_compared_is_recorded_with_its_reason(self):
        status, _, _ = self.engine.post("/webhooks/bad", {"n": "not a number"})
        self.assertEqual(status, 202)
        failed = wait_until("the failure is recorded", lambda: [
            e for e in self.engine.get("/ruleenforcements?rule_ref=bad.hook&limit=100") if e["status"] == "failed"])
        self.assertIn("Failed to match rule", failed[0]["failure_reason"])

    def test_an_expression_that_fails_at_run_time_fails_its_workflow_and_says_where(self):
        execution = self.engine.run("bad.breaks")
        self.assertEqual(execution["status"], "failed")
        self.assertIn("ctx().text + 7", json.dumps(execution["result"]))

    # ---- scripts
    def test_a_script_that_is_missing_fails_and_names_it(self):
        script = self.root / "packs/bad/actions/vanishes.sh"
        text = script.read_text()
        script.unlink()
        try:
            execution = self.engine.run("bad.vanishes")
        finally:
            script.write_text(text)
            script.chmod(0o755)
        self.assertEqual(execution["status"], "failed")
        self.assertIn("vanishes.sh", json.dumps(execution["result"]))

    def test_a_script_that_is_not_executable_runs_as_stackstorm_runs_it_or_says_so(self):
        execution = self.engine.run("bad.locked")
        # StackStorm makes it executable (spec 3.2); where that cannot be, the error says what to do.
        if execution["status"] != "succeeded":
            self.assertIn("not executable", json.dumps(execution["result"]))

    def test_a_gigabyte_of_output_neither_blocks_nor_fills_memory(self):
        execution = self.engine.run("bad.floods", within=120)
        self.assertEqual(execution["status"], "succeeded")
        self.assertLessEqual(len(execution["result"]["stdout"]), 1 << 20)
        self.assertIn("1073741824", json.dumps(execution["result"]))
        self.assertLess(self.resident_mb(), 200)

    def test_a_script_that_ignores_sigterm_is_killed_with_its_group(self):
        execution = self.engine.run("bad.ignores_term")
        self.assertEqual(execution["status"], "timeout")
        self.assertIn("failed to complete in 1 seconds", json.dumps(execution["result"]))
        self.assert_no_process("ignores_term.sh")

    def test_children_that_a_script_leaves_behind_do_not_hold_it_up(self):
        began = time.monotonic()
        execution = self.engine.run("bad.leaves_children")
        self.assertEqual(execution["status"], "succeeded")
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(execution["result"]["stdout"], "left")

    def test_an_exit_code_and_both_streams_are_kept(self):
        result = self.engine.run("bad.exits_7")["result"]
        self.assertEqual((result["return_code"], result["stdout"], result["stderr"]), (7, "out", "err"))

    # ---- packs
    def test_a_pack_with_errors_is_refused_and_the_running_one_stays(self):
        action = self.root / "packs/bad/actions/ok.yaml"
        text = action.read_text()
        action.write_text("name: [unclosed\n")
        try:
            status, _, answer = self.engine.post("/packs/register", {})
            self.assertEqual(status, 400, answer)
            self.assertIn("ok.yaml", answer)
            self.assertEqual(self.engine.run("bad.ok")["status"], "succeeded")
        finally:
            action.write_text(text)
        self.assertEqual(self.engine.post("/packs/register", {})[0], 200)

    def test_a_second_engine_on_the_same_directory_is_refused(self):
        second = subprocess.run([PROGRAM, "serve", "--data-dir", str(self.engine.data), "--listen", "127.0.0.1:0"],
                                capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(self.engine.process.pid), second.stderr)

    def test_the_token_is_nowhere_but_in_its_file(self):
        self.assertEqual((self.engine.data / "token").stat().st_mode & 0o777, 0o600)
        for line in self.engine.log.read_text().splitlines():
            if "first token" not in line:
                self.assertNotIn(self.engine.token, line)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            self.assertNotIn(self.engine.token.encode(), command)

    # ---- helpers
    def resident_mb(self):
        for line in pathlib.Path(f"/proc/{self.engine.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def still_works(self):
        self.assertEqual(self.engine.post("/webhooks/bad", {"n": 1})[0], 202)

    def assert_no_process(self, words):
        def none():
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    if words.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                        return False
                except OSError:
                    continue
            return True
        wait_until(f"no process runs {words}", none, 10)


if __name__ == "__main__":
    sys.exit(unittest.main())
