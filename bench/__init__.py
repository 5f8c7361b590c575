"""Benchmarks: each figure is taken beside its peer, in the same run, on the same data."""
