"""What everybody may do for themselves: a writing transaction of who may read, for their own keys and sessions.

Routes with it change nothing of the tenant's work, only what belongs to who asks.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Request, params

from resources.database.engine import Database, TenantSession
from sidecar.security.principal import Reader
from sidecar.security.scopes import Scope


def _own(request: Request, who: Reader) -> Iterator[TenantSession]:
    database: Database = request.app.state.installation.database
    with database.transaction(who.tenant) as session:
        session.info["actor"] = who.subject
        session.info["request_id"] = getattr(request.state, "request_id", "")
        yield session


OwnSession = Annotated[TenantSession, params.Security(_own, scope="function", scopes=[Scope.READ.value])]
