"""Queries of the engine that runs the action, in Prometheus' form."""
import json
import os
import urllib.parse
import urllib.request


def ask(path, **parameters):
    url = os.environ["ST2_ACTION_API_URL"] + path + "?" + urllib.parse.urlencode(parameters)
    request = urllib.request.Request(url, headers={"X-Auth-Token": os.environ["ST2_ACTION_AUTH_TOKEN"]})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["data"]["result"]


def values(query):
    """The values of an instant query, NaN left out."""
    found = [float(series["value"][1]) for series in ask("/query", query=query)]
    return [value for value in found if value == value]
