"""Benchmarks: speed against what the same machine could do at best, in the same run."""
