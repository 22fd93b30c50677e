"""What bounds a request: how often, how large, how long, from where."""

from sidecar.limits.logins import check_login, login_succeeded

__all__ = ["check_login", "login_succeeded"]
