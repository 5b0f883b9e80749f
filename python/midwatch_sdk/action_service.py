"""`self.action_service` of a Python action."""

from midwatch_sdk.action import get_logger
from midwatch_sdk.datastore import Datastore


class ActionService:
    """What an action may ask of Midwatch."""

    def __init__(self, pack, class_name, log_level="DEBUG"):
        self._class_name = class_name
        self._log_level = log_level
        self.datastore_service = Datastore(pack, class_name)

    def get_logger(self, name=None):
        full = self._class_name if name is None else "%s.%s" % (self._class_name, name)
        return get_logger(full, self._log_level)

    def get_user_info(self):
        return self.datastore_service.get_user_info()

    def list_values(self, local=True, prefix=None):
        return self.datastore_service.list_values(local=local, prefix=prefix)

    def get_value(self, name, local=True, scope="system", decrypt=False):
        return self.datastore_service.get_value(name, local=local, scope=scope, decrypt=decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope="system", encrypt=False):
        return self.datastore_service.set_value(name, value, ttl=ttl, local=local, scope=scope, encrypt=encrypt)

    def delete_value(self, name, local=True, scope="system"):
        return self.datastore_service.delete_value(name, local=local, scope=scope)
