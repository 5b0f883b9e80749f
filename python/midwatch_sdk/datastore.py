"""The datastore of Midwatch over its HTTP API."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

SYSTEM_SCOPE = "system"
TIMEOUT_SECONDS = 30


class Datastore:
    """Values by name. With local=True a name belongs to one class of one pack."""

    def __init__(self, pack, class_name, api_url=None, token=None):
        self._prefix = "%s.%s:" % (pack, class_name)
        self._api_url = api_url if api_url is not None else os.environ.get("ST2_ACTION_API_URL", "")
        self._token = token if token is not None else os.environ.get("ST2_ACTION_AUTH_TOKEN", "")

    def get_user_info(self):
        return self._ask("GET", "/user")

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        full = self._name(prefix or "", local)
        query = {"scope": SYSTEM_SCOPE, "offset": offset}
        if full:
            query["prefix"] = full
        if limit is not None:
            query["limit"] = limit
        return self._ask("GET", "/keys", query) or []

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        query = {"scope": self._scope(scope), "decrypt": "true" if decrypt else "false"}
        found = self._ask("GET", self._path(name, local), query)
        return found.get("value") if found else None

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        body = {"name": self._name(name, local), "value": value, "scope": self._scope(scope)}
        if ttl is not None:
            body["ttl"] = ttl
        if encrypt:
            body["secret"] = True
        return self._ask("PUT", self._path(name, local), body=body) is not None

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        return self._ask("DELETE", self._path(name, local), {"scope": self._scope(scope)}) is not None

    @staticmethod
    def _scope(scope):
        if scope not in (SYSTEM_SCOPE, "st2kv.system"):
            raise ValueError("Scope %s is unsupported." % scope)
        return SYSTEM_SCOPE

    def _name(self, name, local):
        return self._prefix + name if local else name

    def _path(self, name, local):
        return "/keys/" + urllib.parse.quote(self._name(name, local), safe="")

    def _ask(self, method, path, query=None, body=None):
        """The answer as an object; None when there is no such thing."""
        if not self._api_url:
            raise RuntimeError("this action has no API to ask: ST2_ACTION_API_URL is not set")
        url = self._api_url.rstrip("/") + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method=method)
        if self._token:
            request.add_header("X-Auth-Token", self._token)
        data = None
        if body is not None:
            data = json.dumps(body).encode("utf-8")
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data=data, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise RuntimeError(
                "%s %s: the API answered %s: %s" % (method, path, error.code, error.read(2000).decode("utf-8", "replace"))
            ) from None
        return json.loads(text) if text else {}
