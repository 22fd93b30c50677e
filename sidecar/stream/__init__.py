"""What happens to a task, told while it happens: WebSocket and server-sent events."""
