"""What the benchmarks of the extraction stage share: documents with a known truth, a prepared study, accounts."""
