"""API keys as text: `crc_<tenant>_<id>_<secret>_<checksum>`.

The tenant stands in the key, so that it can be looked up under row-level security; the checksum refuses typing errors
without the database. The secret has 256 bits, so a keyed hash without stretching is enough to store it.
"""

import hmac
import re
import secrets as random
import string
import zlib
from dataclasses import dataclass

from resources.secrets import Secrets

PREFIX = "crc_"
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID, _SECRET = 8, 43
_FORM = re.compile(
    rf"crc_([a-z0-9][a-z0-9-]{{0,62}})_([0-9A-Za-z]{{{_ID}}})_([0-9A-Za-z]{{{_SECRET}}})_([0-9a-f]{{8}})"
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key's parts; `text` is the whole, without the checksum."""

    tenant: str
    id: str
    text: str

    @property
    def shown(self) -> str:
        """What its owner is given, once."""
        return f"{self.text}_{_checksum(self.text)}"

    def hashed(self, secrets: Secrets, pepper: str) -> bytes:
        """What is stored. Raises KeyError when the secret that the pepper was made from is gone."""
        return hmac.digest(secrets.key("api-key", pepper), self.text.encode(), "sha256")


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def draw(tenant: str) -> KeyText:
    """A new key."""
    key_id = "".join(random.choice(_LETTERS) for _ in range(_ID))
    secret = "".join(random.choice(_LETTERS) for _ in range(_SECRET))
    return KeyText(tenant, key_id, f"{PREFIX}{tenant}_{key_id}_{secret}")


def parse(shown: str) -> KeyText | None:
    """The parts of a key; None when it is mistyped."""
    found = _FORM.fullmatch(shown)
    if found is None:
        return None
    text = shown.rpartition("_")[0]
    return KeyText(found[1], found[2], text) if _checksum(text) == found[4] else None
