"""From a bearer token to who it stands for: our access tokens, API keys, and tokens of a Supabase Auth."""

from starlette.requests import HTTPConnection

from resources.installation import Installation
from sidecar.security.principal import Authenticator, Principal
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import TokenUse, read


def authenticator(installation: Installation, secrets: Secrets) -> Authenticator:
    """What tells who a token stands for, for all kinds that this installation accepts."""

    def tell(connection: HTTPConnection, token: str) -> Principal:
        who, _claims = read(secrets, token, {TokenUse.ACCESS, TokenUse.SERVICE})
        return who

    return tell
