#!/usr/bin/python3
"""The web service of the demo: a shop with a catalogue, four workers and a Prometheus /metrics.

    web.py --run-dir DIR [--port PORT]

It writes its pid to DIR/web.pid, its address to DIR/web.addr, and its log to stderr. DIR/catalogue.json
is what it sells; a catalogue that does not parse ends it at start, as it would a real one.

SIGUSR1 wedges a worker: it takes the catalogue's lock again and again and holds it, so that every
request waits. Only a restart helps. Nothing but a signal tells the service to do so, and nothing tells
whoever watches it.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
WORKERS = 4


def log(level, text):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    print(f"{stamp}Z {level} {text}", file=sys.stderr, flush=True)


class Metrics:
    """Counters and the latency histogram, in Prometheus' text format."""

    def __init__(self):
        self.lock = threading.Lock()
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0
        self.requests = {}
        self.in_flight = 0

    def observe(self, seconds, status):
        with self.lock:
            slot = next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
            self.buckets[slot] += 1
            self.sum += seconds
            self.requests[status] = self.requests.get(status, 0) + 1

    def text(self):
        with self.lock:
            lines = ["# HELP http_request_duration_seconds Time to answer a request.",
                     "# TYPE http_request_duration_seconds histogram"]
            total = 0
            for bound, count in zip(list(BUCKETS) + ["+Inf"], self.buckets):
                total += count
                lines.append(f'http_request_duration_seconds_bucket{{le="{bound}"}} {total}')
            lines += [f"http_request_duration_seconds_sum {self.sum}",
                      f"http_request_duration_seconds_count {total}",
                      "# HELP http_requests_total Requests by status.",
                      "# TYPE http_requests_total counter"]
            lines += [f'http_requests_total{{status="{s}"}} {n}' for s, n in sorted(self.requests.items())]
            errors = sum(n for s, n in self.requests.items() if s >= 500)
            lines += ["# HELP http_errors_total Requests answered with a status of 500 or more.",
                      "# TYPE http_errors_total counter", f"http_errors_total {errors}",
                      "# HELP http_requests_in_flight Requests being answered.",
                      "# TYPE http_requests_in_flight gauge", f"http_requests_in_flight {self.in_flight}",
                      "# HELP process_resident_memory_bytes Resident memory.",
                      "# TYPE process_resident_memory_bytes gauge",
                      f"process_resident_memory_bytes {resident_bytes()}"]
        return "\n".join(lines) + "\n"


def resident_bytes():
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Shop:
    def __init__(self, catalogue):
        self.catalogue = catalogue
        self.catalogue_lock = threading.Lock()
        self.workers = threading.Semaphore(WORKERS)
        self.wedged = False

    def page(self):
        with self.workers:
            with self.catalogue_lock:
                time.sleep(0.002)
                return json.dumps({"offers": self.catalogue["offers"]}).encode()

    def wedge(self, *_):
        if not self.wedged:
            self.wedged = True
            threading.Thread(target=self._hold_the_lock, daemon=True).start()

    def _hold_the_lock(self):
        log("WARN", "worker 3: rebuilding the price index, holding the catalogue")
        while True:
            with self.catalogue_lock:
                time.sleep(0.35)
            log("WARN", "worker 3: price index is stale again, rebuilding")


def handler_of(shop, metrics):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/metrics":
                return self.answer(200, metrics.text().encode(), "text/plain; version=0.0.4")
            if self.path == "/healthz":
                return self.answer(200, b"ok\n", "text/plain")
            started = time.monotonic()
            with metrics.lock:
                metrics.in_flight += 1
            try:
                found = self.path == "/"
                status, body = (200, shop.page()) if found else (404, b"{}")
                self.answer(status, body, "application/json")
            finally:
                with metrics.lock:
                    metrics.in_flight -= 1
            metrics.observe(time.monotonic() - started, status)

        def answer(self, status, body, content_type):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--run-dir", type=pathlib.Path, required=True)
    options.add_argument("--port", type=int, default=0)
    arguments = options.parse_args()
    run_dir = arguments.run_dir
    (run_dir / "web.pid").write_text(f"{os.getpid()}\n")
    try:
        catalogue = json.loads((run_dir / "catalogue.json").read_text())
        catalogue["offers"]
    except (OSError, ValueError, KeyError) as error:
        log("ERROR", f"catalogue.json cannot be read: {error}; giving up")
        return 3

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    shop = Shop(catalogue)
    server = Server(("127.0.0.1", arguments.port), handler_of(shop, Metrics()))
    signal.signal(signal.SIGUSR1, shop.wedge)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    port = server.server_address[1]
    (run_dir / "web.addr.new").write_text(f"127.0.0.1:{port}\n")
    os.replace(run_dir / "web.addr.new", run_dir / "web.addr")
    log("INFO", f"serving {len(catalogue['offers'])} offers on 127.0.0.1:{port} with {WORKERS} workers")
    server.serve_forever(poll_interval=0.1)
    log("INFO", "stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
