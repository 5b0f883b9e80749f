#!/usr/bin/python3
"""A disk that is full: requests are refused with 429 or 503, nothing that was acknowledged is lost, and when
there is room again the engine goes on by itself.

The disk is played by a limit on the size of the engine's files, which is set and lifted while it runs.
"""
import resource
import sys
import threading

from engine_process import Engine, wait_until, write_pack

PACK = {"rules/hook.yaml": """name: hook
enabled: true
trigger:
  type: core.st2.webhook
  parameters: {url: fill}
action:
  ref: core.noop
"""}


def main():
    engine = Engine(packs=[]).start()
    engine.stop()
    engine = Engine(engine.directory, [write_pack(engine.directory / "packs", "fill", PACK)]).start()
    acknowledged = []

    def knock(n):
        try:
            status, headers, _ = engine.request("POST", "/api/v1/webhooks/fill", {"n": n, "pad": "x" * 50_000}, timeout=3)
        except OSError:
            return None  # no answer while the commit is held: it was not acknowledged
        if status == 202:
            acknowledged.append(n)
        else:
            assert status in (429, 503), status
            assert headers["Retry-After"], "the sender is told when to come back"
        return status

    assert knock(0) == 202
    resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    refused, n = 0, 0
    while refused < 3 and n < 200:
        n += 1
        if knock(n) != 202:
            refused += 1
    assert refused == 3, "the limit never bit"
    assert engine.process.poll() is None, "a full disk must not end the engine"
    status, _, text = engine.request("GET", "/readyz", token=False)
    assert status == 503 and text, (status, text)
    resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_until("the engine is ready again", lambda: engine.request("GET", "/readyz", token=False)[0] == 200, 30)
    assert knock(1000) == 202
    engine.kill()
    engine.start()
    seen, offset = set(), 0
    while True:
        page = engine.get(f"/triggerinstances?trigger=core.st2.webhook&limit=100&offset={offset}")
        seen |= {i["payload"]["body"]["n"] for i in page}
        offset += len(page)
        if len(page) < 100:
            break
    lost = set(acknowledged) - seen
    assert not lost, f"acknowledged and lost: {sorted(lost)}"
    print(f"{len(acknowledged)} acknowledged, {len(seen)} stored, none lost", threading.active_count(), flush=True)
    assert engine.stop() == 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
