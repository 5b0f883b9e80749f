#!/usr/bin/python3
"""The load of the demo: a bounded number of requests a second, and never more than a few at once.

    load.py --run-dir DIR [--rate 40] [--seconds 300]

Asks the address in DIR/web.addr. Ends after --seconds, or when its parent has gone.
"""
import argparse
import http.client
import os
import pathlib
import sys
import threading
import time

SENDERS = 8


def send(run_dir, interval, until, parent):
    connection = None
    while time.monotonic() < until and os.getppid() == parent:
        due = time.monotonic() + interval
        try:
            if connection is None:
                address = (run_dir / "web.addr").read_text().strip()
                connection = http.client.HTTPConnection(address, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection = None
        time.sleep(max(0.0, due - time.monotonic()))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--run-dir", type=pathlib.Path, required=True)
    options.add_argument("--rate", type=float, default=40.0)
    options.add_argument("--seconds", type=float, default=300.0)
    arguments = options.parse_args()
    until = time.monotonic() + arguments.seconds
    parent = os.getppid()
    senders = [threading.Thread(target=send, args=(arguments.run_dir, SENDERS / arguments.rate, until, parent))
               for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
