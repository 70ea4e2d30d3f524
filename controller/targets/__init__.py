"""Kinds of target: things in an environment that run releases."""
