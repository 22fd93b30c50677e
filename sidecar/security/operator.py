"""The operator: who holds the machine, and so the token that `crucible operator-token` prints."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sidecar.problems import Unauthenticated

_bearer = HTTPBearer(
    scheme_name="operator",
    description="The operator's token: `crucible operator-token` prints it on the machine of the installation.",
    auto_error=False,
)


def _operator(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> None:
    expected: str = request.app.state.secrets.operator_token
    given = shown.credentials if shown else ""
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        raise Unauthenticated("This is for the operator: send the token that `crucible operator-token` prints.")


OPERATOR = Depends(_operator)
"""For `dependencies=[OPERATOR]` of a public route. Raises Unauthenticated."""
