"""From outside into raw/: the source's answers, and captures that people already have."""
