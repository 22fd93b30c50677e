"""What runs: the jobs, the steps of a task, and the schedule."""
