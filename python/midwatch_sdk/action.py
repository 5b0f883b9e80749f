"""The base class of Python actions, their configuration and their logger."""

import abc
import logging
import sys

LOG_FORMAT = "%(name)-12s: %(levelname)-8s %(message)s"
AUDIT_LEVEL = logging.CRITICAL + 10
logging.addLevelName(AUDIT_LEVEL, "AUDIT")


class PackConfig(dict):
    """The configuration of a pack. A missing key says which one and where it belongs."""

    def __init__(self, pack, values):
        super().__init__(values or {})
        self._pack = pack

    def __missing__(self, key):
        raise ValueError(
            'Config for pack "%s" is missing key "%s". Make sure that it is in the configuration of the '
            "pack (configs/%s.yaml)." % (self._pack, key, self._pack)
        )


def get_logger(class_name, level="DEBUG"):
    """A logger that writes to stderr: what an action logs is in `stderr` of its result."""
    logger = logging.getLogger("st2.actions.python.%s" % class_name)
    logger.setLevel(AUDIT_LEVEL if level == "AUDIT" else level)
    logger.propagate = False
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(LOG_FORMAT))
        logger.addHandler(handler)
    return logger


class Action(abc.ABC):
    """Derive from it and define run(self, **parameters).

    What run() returns is the result. A tuple (succeeded, result) of a bool and anything says also
    whether the action succeeded. An exception fails it.
    """

    log_level = "DEBUG"

    def __init__(self, config=None, action_service=None):
        self.config = config if config is not None else {}
        self.action_service = action_service
        self.logger = get_logger(type(self).__name__, self.log_level)

    @abc.abstractmethod
    def run(self, **kwargs):
        """Does the work."""
