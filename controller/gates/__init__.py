"""Gates and guards, one pure file a kind."""
