"""What other services ask, with short-lived service tokens."""
