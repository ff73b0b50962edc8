"""Looks at a lake and reports; never changes anything."""
