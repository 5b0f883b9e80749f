import time

from st2common.runners.base_action import Action
from telemetry import values


class WaitUntil(Action):
    def run(self, query, below, within):
        deadline = time.monotonic() + within
        in_a_row = 0
        last = None
        while time.monotonic() < deadline:
            found = values(query)
            last = max(found) if found else None
            in_a_row = in_a_row + 1 if last is not None and last < below else 0
            if in_a_row == 2:
                return True, {"value": last, "below": below}
            time.sleep(0.5)
        return False, {"value": last, "below": below, "within": within}
