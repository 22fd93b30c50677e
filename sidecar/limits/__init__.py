"""What bounds a request: how often, how large, how long, from where."""

from sidecar.limits.logins import check_login, check_password, login_succeeded, password_named

__all__ = ["check_login", "check_password", "login_succeeded", "password_named"]
