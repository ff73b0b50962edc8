"""What acts: the command line, the flows, and everything that touches a clock, a network or a store."""
