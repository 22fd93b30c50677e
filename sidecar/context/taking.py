"""From a checked upload to documents of a project, in one transaction."""

from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.blobs import lock_blobs
from resources.database.repositories.document_lists import project_exists
from resources.database.repositories.documents import NewFile, Taken, take_in
from resources.vocabulary import DocumentOrigin
from sidecar.context.blobs import Blobs
from sidecar.context.check import Accepted, Refused, Verdict
from sidecar.context.schemas import FileResult, Outcome, UploadResult
from sidecar.context.upload import Upload
from sidecar.problems import NotFound
from sidecar.security.principal import Principal


def take(session: TenantSession, upload: Upload, blobs: Blobs, who: Principal) -> UploadResult:
    """Store and register what may be taken. Raises NotFound for an unknown project."""
    if not project_exists(session, upload.project_id):
        raise NotFound(f"There is no project `{upload.project_id}`.")
    accepted = [file for file in upload.files if isinstance(file, Accepted)]
    keys = {file.incoming.key for file in accepted}
    lock_blobs(session, keys)  # until the rows that refer to them are there
    blobs.stored |= keys
    for file in accepted:
        file.incoming.store()
    files = [NewFile(f.name, f.incoming.sha256, f.incoming.size, f.incoming.key, f.kind.media_type) for f in accepted]
    taken = iter(take_in(session, upload.project_id, files, DocumentOrigin.UPLOAD, added_by=who.subject))
    results = [_result(file, None if isinstance(file, Refused) else next(taken)) for file in upload.files]
    outcomes = [result.outcome for result in results]
    new = outcomes.count(Outcome.NEW) + outcomes.count(Outcome.NEW_VERSION)
    result = UploadResult(
        project_id=upload.project_id,
        new=new,
        known=outcomes.count(Outcome.KNOWN),
        refused=outcomes.count(Outcome.REFUSED),
        files=results,
    )
    audit(
        session,
        "document.upload",
        f"project:{upload.project_id}",
        documents=[str(r.document_id) for r in results if r.outcome in (Outcome.NEW, Outcome.NEW_VERSION)],
        known=result.known,
        refused=result.refused,
    )
    return result


def _result(file: Verdict, taken: Taken | None) -> FileResult:
    if isinstance(file, Refused) or taken is None:
        assert isinstance(file, Refused)
        return FileResult(
            name=file.name,
            archive=file.archive,
            outcome=Outcome.REFUSED,
            reason=file.reason,
            message=file.message.replace("\x00", "\ufffd"),
        )
    new = Outcome.NEW if taken.version == 1 else Outcome.NEW_VERSION
    return FileResult(
        name=file.name,
        archive=file.archive,
        outcome=new if taken.created else Outcome.KNOWN,
        document_id=taken.document_id,
        version=taken.version,
        batch=taken.batch,
        media_type=file.kind.media_type,
        size_bytes=file.incoming.size,
        sha256=file.incoming.sha256,
    )
