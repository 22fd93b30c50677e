"""What the gateway decides, as pure functions of (state, event, now): no clock, no chance and no I/O inside."""
