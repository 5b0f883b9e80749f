"""The old place of Action."""

from midwatch_sdk.action import Action

__all__ = ["Action"]
