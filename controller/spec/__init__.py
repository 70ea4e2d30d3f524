"""YAML to what is desired, or to complaints that say what is wrong, where, and what was probably meant."""
