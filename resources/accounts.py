"""What an account must be, and how its password is kept.

Passwords are hashed with argon2id, as RFC 9106 (section 4, second choice) recommends: 64 MiB, three passes. Only a
few are hashed at a time, so that many logins together do not take the machine's memory.
"""

import re
import threading
import unicodedata

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

EMAIL = (
    r"^[A-Za-z0-9.!#$%&'*+=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,4}$"
)
"""HTML's `<input type=email>`, without the slash, which separates a tenant from an email."""
EMAIL_MOST = 254
PASSWORD_LEAST, PASSWORD_MOST = 12, 1000

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
_at_once = threading.BoundedSemaphore(4)
_places = threading.BoundedSemaphore(12)  # who waits holds a thread that others need: logins are not all there is
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$krxQ3XaGq7P8CYtzX5/pyA$oSw/ec5Mhppq1ltBPmRgTMYA8IWJMbiL/N2qBgOXzs4"
"""A hash of the same cost, looked at where there is no account: how long it takes does not tell."""


class AccountError(ValueError):
    """An email or a password is not usable; the message says why, without the password."""


class BusyError(RuntimeError):
    """So many passwords are being looked at that this one would wait for long."""


def usable_email(text: str) -> str:
    """An email in the form in which it is stored. Raises AccountError."""
    if len(text) > EMAIL_MOST or re.fullmatch(EMAIL, text) is None:
        raise AccountError(f"{text[:EMAIL_MOST]!r} is no email address.")
    return text.lower()


def hash_password(password: str) -> str:
    """The hash to store. Raises AccountError for a password that is too short or too long, and BusyError."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise AccountError(f"A password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters.")
    with _Turn():
        return _hasher.hash(_bytes(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; takes as long when nothing is stored. Raises BusyError."""
    with _Turn():
        try:
            _hasher.verify(stored or NOBODYS, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def _bytes(password: str) -> bytes:
    """One form of the same letters, whichever keyboard they were typed on (RFC 8265, section 4.2.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


class _Turn:
    def __enter__(self) -> None:
        busy = BusyError("Too many passwords are being looked at.")
        if not _places.acquire(blocking=False):
            raise busy
        if not _at_once.acquire(timeout=5):
            _places.release()
            raise busy

    def __exit__(self, *_error: object) -> None:
        _at_once.release()
        _places.release()
