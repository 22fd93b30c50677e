"""Every command, started as a person starts it."""
