"""Object storage: bytes by key, in a folder or a bucket."""
