"""Benchmarks: what the server’s work costs, beside its peers."""
