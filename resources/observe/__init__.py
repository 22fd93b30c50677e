"""What the processes tell of their work: logs and traces, shared by pipeline and sidecar."""
