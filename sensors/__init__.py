"""What starts runs: tasks that people asked for, and files in the inbox."""
