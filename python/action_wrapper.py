"""Runs one Python action of a pack. Started by Midwatch, never by hand.

Reads {"parameters", "config", "log_level"} as JSON from one descriptor and writes {"result", "status"}
as JSON to another, so that neither secrets nor results share a stream with what the action prints.
"""

import argparse
import importlib.util
import inspect
import json
import math
import os
import sys
import traceback

INVALID_STATUS_EXIT_CODE = 220


def load_action_class(path):
    """The first class of the file, by name, that has run(): deriving from Action is not asked for."""
    directory, file_name = os.path.split(path)
    name = os.path.splitext(file_name)[0]
    sys.path.append(directory)
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        sys.exit(
            'Failed to load action class from file "%s" (action file most likely doesn\'t exist or contains '
            "invalid syntax): %s\n%s" % (path, error, traceback.format_exc())
        )
    for _, found in sorted(inspect.getmembers(module, inspect.isclass)):
        is_own = found.__module__ == module.__name__
        if is_own and callable(getattr(found, "run", None)) and not inspect.isabstract(found):
            return found
    return sys.exit('File "%s" has no action class or the file doesn\'t exist.' % path)


def make_action(action_class, pack, config, log_level):
    from midwatch_sdk.action import Action, PackConfig
    from midwatch_sdk.action_service import ActionService

    Action.log_level = log_level
    config = PackConfig(pack, config)
    service = ActionService(pack, action_class.__name__, log_level)
    try:
        return action_class(config=config, action_service=service)
    except TypeError as error:
        if "unexpected keyword argument 'action_service'" not in str(error):
            raise
    # Written before there was an action service.
    action = action_class(config=config)
    action.action_service = service
    return action


def finite(value):
    """JSON has no infinities: they become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def to_report(status, result):
    try:
        return json.dumps({"result": result, "status": status}, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return json.dumps({"result": finite(result), "status": status}, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"result": str(result), "status": status})


def split_status(output):
    """A tuple of two is (succeeded, result); anything else is the result."""
    if not isinstance(output, tuple) or len(output) != 2:
        return None, output
    status, result = output
    if not isinstance(status, bool):
        sys.stderr.write(
            "Status returned from the action run() method must either be True or False, got: %s\n"
            "An action that wants to return two items returns a list, or (True, (item1, item2)).\n" % (status,)
        )
        sys.exit(INVALID_STATUS_EXIT_CODE)
    return status, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pack", required=True)
    parser.add_argument("--file-path", required=True)
    parser.add_argument("--input-fd", type=int, required=True)
    parser.add_argument("--report-fd", type=int, required=True)
    arguments = parser.parse_args()

    # What the action starts must not hold these.
    os.set_inheritable(arguments.report_fd, False)
    with os.fdopen(arguments.input_fd, encoding="utf-8") as stream:
        given = json.load(stream)

    # Our directory comes last (PYTHONPATH has it), behind what the pack brings.
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]

    action_class = load_action_class(arguments.file_path)
    action = make_action(action_class, arguments.pack, given.get("config"), given.get("log_level") or "DEBUG")
    status, result = split_status(action.run(**(given.get("parameters") or {})))
    with os.fdopen(arguments.report_fd, "w", encoding="utf-8") as stream:
        stream.write(to_report(status, result))


if __name__ == "__main__":
    main()
