"""What the sidecar is told from outside is checked when it is read."""

import pytest

from resources.settings import SettingsError
from sidecar.settings import SidecarSettings, SupabaseSettings, load_sidecar_settings

SECRET = "a shared secret of at least 32 characters"


def test_nothing_is_needed():
    assert load_sidecar_settings({}) == SidecarSettings()


def test_what_is_told_is_taken():
    env = {
        "CRUCIBLE_SUPABASE_JWT_SECRET": SECRET,
        "CRUCIBLE_SUPABASE_JWKS_URL": "https://auth.example.org/jwks.json",
        "CRUCIBLE_SUPABASE_AUDIENCE": "crucible",
        "CRUCIBLE_SUPABASE_ISSUER": "https://auth.example.org",
        "CRUCIBLE_SUPABASE_TENANT_CLAIM": "org",
        "CRUCIBLE_SUPABASE_ROLE_CLAIM": "app_metadata.crucible.role",
        "CRUCIBLE_CLAMD": "clamd:3310",
    }
    told = SupabaseSettings(
        SECRET,
        "https://auth.example.org/jwks.json",
        "crucible",
        "https://auth.example.org",
        "org",
        "app_metadata.crucible.role",
    )
    assert load_sidecar_settings(env) == SidecarSettings(told, "clamd:3310")
    assert SECRET not in repr(load_sidecar_settings(env))


@pytest.mark.parametrize("address", ["/run/clamd.sock", "127.0.0.1:3310", "[::1]:3310"])
def test_addresses_of_clamd(address):
    assert load_sidecar_settings({"CRUCIBLE_CLAMD": address}).clamd_address == address


WRONG = [
    {"CRUCIBLE_SUPABASE_JWT_SECRET": "short"},
    {"CRUCIBLE_SUPABASE_JWKS_URL": "file:///etc/passwd"},
    {"CRUCIBLE_SUPABASE_JWKS_URL": "https://"},
    {"CRUCIBLE_SUPABASE_ROLE_CLAIM": "user_metadata.role", "CRUCIBLE_SUPABASE_JWT_SECRET": SECRET},
    {"CRUCIBLE_SUPABASE_TENANT_CLAIM": "app_metadata..tenant", "CRUCIBLE_SUPABASE_JWT_SECRET": SECRET},
    {"CRUCIBLE_CLAMD": "clamd"},
    {"CRUCIBLE_CLAMD": "clamd:99999"},
]


@pytest.mark.parametrize("env", WRONG, ids=lambda env: " ".join(env))
def test_what_is_not_usable_is_named(env):
    with pytest.raises(SettingsError, match=next(iter(env))) as error:
        load_sidecar_settings(env)
    assert "short" not in str(error.value)
