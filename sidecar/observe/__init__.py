"""What the sidecar tells of its own work: request ids, logs, numbers for Prometheus, traces."""
