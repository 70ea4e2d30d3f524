"""Nouns: frozen values that know no file, socket, cloud or clock."""
