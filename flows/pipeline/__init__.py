"""From raw captures to a published release."""
