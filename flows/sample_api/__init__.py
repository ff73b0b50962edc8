"""A stand-in for the source, on this machine, with simulated figures."""
