"""Ways to tell people: one file a kind. What a message says is rendered in render.py."""
