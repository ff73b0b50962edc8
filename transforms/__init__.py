"""What computes: pure functions from frames and plain values to frames."""
