"""Users of a tenant and their sessions."""
