"""Tokens that nobody issued, for a tenant that is not theirs."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt

from resources.vocabulary import Role
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import issue


def _part(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def forged_tokens(secrets: Secrets, mine: Principal, victim: str) -> dict[str, str]:
    """By what is wrong with them: each says that its holder is an administrator of `victim`."""
    genuine = issue(secrets, mine)
    header, claims, signature = genuine.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    for_victim = {**said, "tenant": victim, "role": "admin", "scope": "read write run admin"}
    headers = jwt.get_unverified_header(genuine)
    other_key = Secrets({secrets.signing: b"another secret of more than thirty-two characters"})
    admin = Principal(victim, mine.subject, Role.ADMIN, SCOPES[Role.ADMIN], mine.user_id)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    return {
        "signed by nobody": f"{_part({**headers, 'alg': 'none'})}.{_part(for_victim)}.",
        "with another's signature": f"{header}.{_part(for_victim)}.{signature}",
        "signed by another installation": issue(other_key, admin),
        "signed by an unknown key": jwt.encode(for_victim, "x" * 40, "HS256", headers={**headers, "kid": "unknown"}),
        "with the key in its header": jwt.encode(
            for_victim, "x" * 40, "HS256", headers={**headers, "jwk": {"k": "x"}}
        ),
        "for something else": jwt.encode(
            {**for_victim, "token_use": "refresh"}, secrets.key("access-token"), "HS256", headers=headers
        ),
        "expired": issue(secrets, admin, now=long_ago),
        "of another type": jwt.encode(
            for_victim, secrets.key("access-token"), "HS256", headers={**headers, "typ": "JWT"}
        ),
        "that is no token": "crucible",
        "that is an API key of nobody": "crc_local_00000000_" + "A" * 43 + "_00000000",
        "that is a user's id": mine.subject,
    }
