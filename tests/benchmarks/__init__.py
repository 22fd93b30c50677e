"""The arithmetic of the benchmarks, whose figures nobody recounts by hand."""
