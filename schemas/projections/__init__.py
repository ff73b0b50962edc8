"""What is derived from a Table: suites, SQL, descriptions, the dictionary."""
