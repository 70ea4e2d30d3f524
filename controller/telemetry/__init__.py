"""What the controller says of itself: metrics and logs, both read from the Cycle of each turn."""
