"""The one port: metrics for Prometheus, health for whoever keeps the process running."""
