"""The names that packs import from StackStorm; the code behind them is Midwatch's (midwatch_sdk)."""
