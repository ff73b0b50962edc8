"""What everybody records in: captures, releases, and what leads from one to the other."""
