"""Damage done for real, longer than the suite's budget: `make chaos`."""
