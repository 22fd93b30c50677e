"""The installation's secret, and the keys that are made from it, each for one purpose.

`CRUCIBLE_SECRET` holds it (at least 32 characters; several, separated by commas, while one is replaced: the first
signs, all are accepted). Without it one is made under CRUCIBLE_HOME, readable by its owner alone.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from resources.settings import SettingsError

_LEAST = 32


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys by purpose, from the installation's secrets by their ids; the first signs."""

    masters: Mapping[str, bytes] = field(repr=False)

    @property
    def signing(self) -> str:
        """Id of the secret that signs."""
        return next(iter(self.masters))

    def key(self, purpose: str, secret_id: str | None = None) -> bytes:
        """32 bytes for one purpose. Raises KeyError for a secret that is not known (any more)."""
        master = self.masters[secret_id or self.signing]
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(master)

    @property
    def operator_token(self) -> str:
        """What the holder of the machine shows: it bootstraps tenants and reads the installation's metrics."""
        return "crop_" + self.key("operator").hex()


def load_secrets(home: Path, env: Mapping[str, str] | None = None) -> Secrets:
    """The installation's secrets, made when there are none. Raises SettingsError."""
    env = os.environ if env is None else env
    written = [part.strip() for part in env.get("CRUCIBLE_SECRET", "").split(",") if part.strip()]
    if any(len(part) < _LEAST for part in written):
        raise SettingsError(f"CRUCIBLE_SECRET: each secret needs at least {_LEAST} characters.")
    masters = written or [_of_this_home(home / "secret")]
    return Secrets({hashlib.sha256(m.encode()).hexdigest()[:8]: m.encode() for m in masters})


def _of_this_home(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        made = secrets.token_hex(32)
        file.write(made)
    return made
