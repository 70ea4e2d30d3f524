"""The turning of the handle: read, recall, observe, decide, act, remember, tell."""
