"""The composition root: settings in, a world out; the only place that builds adapters."""
