"""Benchmarks: calls, CPU, memory and latency beside a floor and a peer; run them with `python -m benchmarks`."""
