#!/usr/bin/python3
"""The figures of bench/expr_bench beside those of the Python reference implementations, in one run.

usage: expr_reference.py build/release/bench/expr_bench

Needs Debian's python3-jinja2 and python3-yaql. Jinja is measured with the template compiled once, which is
kinder than StackStorm, that compiles each time.
"""
import json
import statistics
import subprocess
import sys
import time

import jinja2
import jinja2.sandbox
import yaql
from yaql.language import factory, utils


def context(count):
    hosts = [{"name": "web%d" % i, "load": (i % 10) / 10} for i in range(count)]
    return {"a": 5, "hosts": hosts, "trigger": {"body": {"host": "web1.example.org", "load": 0.95}}}


def median_ns(work, seconds=0.5):
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times)


def yaql_work(expression, count):
    """As Orquesta: the context is converted for every evaluation, the expression parsed for every one."""
    engine = factory.YaqlFactory().create()
    root = yaql.create_context()
    root.register_function(lambda context: context["__vars"], name="ctx")
    variables = context(count)

    def work():
        own = root.create_child_context()
        own["__vars"] = utils.convert_input_data(variables)
        engine(expression).evaluate(context=own)
    return work


def jinja_work(source, count):
    environment = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(source)
    variables = context(count)
    return lambda: template.render(variables)


QUERY = "ctx().hosts.where($.load > 0.8).select($.name)"
REFERENCE = {
    "jinja_path/10": jinja_work("{{ trigger.body.host }}", 10),
    "jinja_filters": jinja_work("{{ hosts|selectattr('load', 'gt', 0.8)|map(attribute='name')|join(', ') }}", 10),
    "yaql_path/10": yaql_work("ctx().a", 10),
    "yaql_path/100000": yaql_work("ctx().a", 100_000),
    "yaql_query/10": yaql_work(QUERY, 10),
    "yaql_query/1000": yaql_work(QUERY, 1_000),
    "yaql_query/100000": yaql_work(QUERY, 100_000),
}


def main():
    ran = subprocess.run([sys.argv[1], "--benchmark_format=json", "--benchmark_repetitions=3",
                          "--benchmark_report_aggregates_only=true", "--benchmark_min_time=0.2"],
                         capture_output=True, text=True, check=True)
    print("| what | Midwatch | Python reference |\n|---|---|---|")
    for row in json.loads(ran.stdout)["benchmarks"]:
        if row["aggregate_name"] != "median":
            continue
        work = REFERENCE.get(row["run_name"])
        theirs = "%.1f \u00b5s" % (median_ns(work) / 1e3) if work else ""
        print("| %s | %.3f \u00b5s | %s |" % (row["run_name"], row["real_time"] / 1e3, theirs))


if __name__ == "__main__":
    main()
