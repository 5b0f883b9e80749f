import time

from st2common.runners.base_action import Action
from telemetry import ask

P99 = "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5s])))"


class P99Around(Action):
    def run(self, seconds):
        now = time.time()
        series = ask("/query_range", query=P99, start=now - seconds, end=now, step=1)
        values = [(int(t), float(v)) for one in series for t, v in one["values"] if v != "NaN"]
        if not values:
            return {"summary": "no samples", "values": []}
        worst = max(v for _, v in values)
        best = min(v for _, v in values)
        return {"summary": f"p99 between {best * 1000:.0f} and {worst * 1000:.0f} ms in the last {seconds} s",
                "values": [[t, round(v, 4)] for t, v in values]}
