"""Where memory lives: items that change only by compare-and-swap, and a journal that only grows."""
