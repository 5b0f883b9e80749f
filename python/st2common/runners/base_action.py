"""`from st2common.runners.base_action import Action`: the base class of Python actions."""

from midwatch_sdk.action import Action

__all__ = ["Action"]
