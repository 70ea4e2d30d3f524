"""Where specs come from: git, read by object id, or a plain folder."""
