"""What the sidecar is told from outside, besides what the whole installation is told.

The rest is in `resources/settings.py`; what bounds requests is in `sidecar/limits/settings.py`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from resources.settings import SettingsError

_LEAST_SECRET = 32


@dataclass(frozen=True, slots=True)
class SupabaseSettings:
    """Whose tokens are accepted besides our own; the claims are paths, their parts separated by dots."""

    jwt_secret: str | None = field(default=None, repr=False)  # for HS256
    jwks_url: str | None = None  # for ES256, RS256 and EdDSA
    audience: str = "authenticated"
    issuer: str | None = None
    tenant_claim: str = "app_metadata.tenant"
    role_claim: str = "app_metadata.role"


@dataclass(frozen=True, slots=True)
class SidecarSettings:
    """What an installation's sidecar is told."""

    supabase: SupabaseSettings | None = None
    clamd_address: str | None = None  # 'host:port' or a socket's path; None: uploads are not scanned for viruses


def load_sidecar_settings(env: Mapping[str, str] | None = None) -> SidecarSettings:
    """Settings from `env` (the process environment by default). Raises SettingsError."""
    env = os.environ if env is None else env
    return SidecarSettings(
        supabase=_supabase(env),
        clamd_address=_clamd(env),
    )


def _clamd(env: Mapping[str, str]) -> str | None:
    address = env.get("CRUCIBLE_CLAMD", "").strip()
    if not address or address.startswith("/"):
        return address or None
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SettingsError(f"CRUCIBLE_CLAMD={address!r}: use host:port, or the path of a socket.")
    return address


def _supabase(env: Mapping[str, str]) -> SupabaseSettings | None:
    secret = env.get("CRUCIBLE_SUPABASE_JWT_SECRET", "").strip() or None
    url = env.get("CRUCIBLE_SUPABASE_JWKS_URL", "").strip() or None
    if secret is None and url is None:
        return None
    if secret is not None and len(secret) < _LEAST_SECRET:
        raise SettingsError(f"CRUCIBLE_SUPABASE_JWT_SECRET: at least {_LEAST_SECRET} characters.")
    if url is not None and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
        raise SettingsError(f"CRUCIBLE_SUPABASE_JWKS_URL={url!r}: use an http or https URL.")
    return SupabaseSettings(
        jwt_secret=secret,
        jwks_url=url,
        audience=env.get("CRUCIBLE_SUPABASE_AUDIENCE", "").strip() or "authenticated",
        issuer=env.get("CRUCIBLE_SUPABASE_ISSUER", "").strip() or None,
        tenant_claim=_claim(env, "CRUCIBLE_SUPABASE_TENANT_CLAIM", "app_metadata.tenant"),
        role_claim=_claim(env, "CRUCIBLE_SUPABASE_ROLE_CLAIM", "app_metadata.role"),
    )


def _claim(env: Mapping[str, str], name: str, default: str) -> str:
    path = env.get(name, "").strip() or default
    if not all(path.split(".")):
        raise SettingsError(f"{name}={path!r}: use names separated by dots, for example {default}.")
    if path.split(".")[0] == "user_metadata":
        raise SettingsError(f"{name}={path!r}: users write user_metadata themselves; use app_metadata.")
    return path
