"""What declares: tables, suites and reference facts."""
