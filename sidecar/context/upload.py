"""An upload between the wire and the transaction: read, checked, and cleaned up after, whatever happens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from resources.installation import Installation
from resources.scanning import ScannerUnavailableError, scanner_from_environment
from sidecar.context.check import Accepted, Checker, Verdict
from sidecar.context.receive import Form, read_form
from sidecar.fields import ProjectId
from sidecar.problems import Invalid, Unavailable
from sidecar.security.principal import Writer

_PROJECT_ID: TypeAdapter[str] = TypeAdapter(ProjectId)


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent, checked and not yet stored."""

    project_id: str
    files: list[Verdict]

    @property
    def fingerprint(self) -> list[str | list[str]]:
        """What makes it the same request when it is sent again."""
        return [
            self.project_id,
            *(
                [file.name, file.archive or "", file.incoming.sha256 if isinstance(file, Accepted) else file.reason]
                for file in self.files
            ),
        ]


async def _received(request: Request, who: Writer) -> AsyncIterator[Upload]:
    """Read and check the body before a transaction begins: it may take minutes to come."""
    installation: Installation = request.app.state.installation
    form = Form()
    checker = Checker(installation.files, who.tenant, scanner_from_environment())
    try:
        await run_in_threadpool(installation.files.forget_abandoned, who.tenant)
        await read_form(request, form, installation.files, who.tenant)
        yield await run_in_threadpool(_checked, form, checker)
    finally:
        await run_in_threadpool(_clean_up, form, checker)


def _checked(form: Form, checker: Checker) -> Upload:
    try:
        project_id = _PROJECT_ID.validate_python(form.project_id)
    except ValidationError as error:
        raise Invalid("body.project_id: send the id of a project (a-z, 0-9 and hyphens).") from error
    if not form.parts:
        raise Invalid("body.files: send at least one file.")
    try:
        return Upload(project_id, [verdict for part in form.parts for verdict in checker.check(part)])
    except ScannerUnavailableError as error:
        raise Unavailable(f"{error} Nothing was taken; try again.", retry_after=30) from error


def _clean_up(form: Form, checker: Checker) -> None:
    checker.discard()
    form.discard()


Received = Annotated[Upload, Depends(_received, scope="function")]
"""Declared before the session, so that no transaction waits while files come in."""
