"""What the benchmarks share: servers to measure, load to put on them, and the figures made of it."""
