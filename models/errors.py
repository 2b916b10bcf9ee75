"""The one error tree: every failure that a caller or an operator can meet.

Each class carries an HTTP status, a stable code, a process exit code and a hint; instances add the
message and, for requests, the place in the text. Raised everywhere; turned into a response only at
the HTTP edge and into an exit code only at the job edge. The ways in which SQL Server fails a refresh are in
models.source_errors, those of backups and of what follows a run in models.keeping_errors.

CrisisError
├── RequestError                 the caller asked for something that cannot be answered
│   ├── SyntaxProblem            400 the text does not parse
│   ├── BatchProblem             400 a batch, or a request in it, is not well formed
│   ├── NameProblem              400 unknown name in a query option (forbidden looks the same)
│   ├── TypeProblem              400 wrong type or bad literal
│   ├── ValueProblem             400 conversion, range or division error while running
│   ├── TokenProblem             400 page token not ours, changed or made for another caller
│   ├── NotFound                 404 unknown resource (forbidden looks the same)
│   ├── MethodProblem            405 only GET and HEAD
│   │   └── BatchMethodProblem   405 a batch is sent with POST
│   ├── NotAcceptable            406 no representation the caller accepts
│   ├── BodyTooSlow              408 the body of a batch did not arrive in time
│   ├── SnapshotGone             410 the pinned snapshot was pruned
│   ├── PreconditionFailed       412 a condition in a header does not hold
│   ├── BodyTooLarge             413 the body of a batch is over its limit
│   ├── LimitProblem             400 over a declared limit (nodes, depth, page size)
│   ├── UrlTooLong               414
│   ├── MediaTypeProblem         415 a body in a format that is not read here
│   ├── DependencyFailed         424 a request of a batch that this one depends on failed
│   ├── RateLimited              429
│   └── Unsupported              501 valid OData that this service does not offer
├── AccessError
│   ├── Unauthenticated          401 no, unknown or expired credential
│   ├── Forbidden                403 known caller, not this route
│   └── InsecureTransport        403 credentials over plain HTTP off loopback
├── Unavailable
│   ├── NoSnapshot               503 nothing has been published yet
│   ├── Busy                     503 too many queries in flight, or one ran too long
│   ├── AuditUnavailable         503 the audit trail cannot be written
│   └── NoWorker                 503 nobody is there who would run a refresh
├── ConfigurationError           exit 2  settings that contradict themselves
└── JobError
    ├── SourceUnreachable        exit 10 the crisis database does not answer
    ├── ContractBroken           exit 11 the source is not what the contract says
    ├── CheckFailed              exit 12 a blocking check of data failed; yesterday stays published
    ├── LeaseHeld                exit 13 another refresh is running
    ├── LeaseLost                exit 14 the lease went to another run (fencing)
    ├── ImportRejected           exit 15 nothing of the file could be taken
    ├── HistoryDamaged           exit 16 a history file is missing or does not match its hash
    ├── NothingToReplay          exit 17 no history reaches that date
    ├── MigrationRefused         exit 18 this database is not ours to migrate
    ├── PortInUse                exit 19 another process listens there
    ├── FolderNotWritable        exit 20 CRISIS_HOME cannot be written
    ├── DeploymentFailed         exit 21 Microsoft Fabric did not take the Power BI items
    ├── RunCancelled             exit 22 somebody asked the run not to go on
    ├── RunStopped               exit 23 the process was told to end while the run went on
    ├── DiskFull                 exit 24 no space is left below CRISIS_HOME
    ├── OutOfMemory              exit 25 the run needed more memory than there is
    ├── ServiceDatabaseGone      exit 26 the service database went away while the run went on
    └── RunTooLong               exit 27 the run took longer than CRISIS_RUN_HOURS and was ended
"""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar


class CrisisError(Exception):
    """Root. `message` says what happened, `hint` the next step; neither holds row values or secrets."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "InternalError"
    exit_code: ClassVar[int] = 1
    default_hint: ClassVar[str] = "Look up the request id in the service log."

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        target: str | None = None,
        position: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`target` names the query option or resource; `position` is the 0-based character in it; `retry_after` is
        the number of seconds after which trying again makes sense."""
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint
        self.target = target
        self.position = position
        self.retry_after = retry_after


class RequestError(CrisisError):
    status = 400
    code = "BadRequest"
    default_hint = "See the interface description at /docs."


class SyntaxProblem(RequestError):
    code = "SyntaxError"
    default_hint = "Check the spelling at the given position; /docs lists the operators."


class BatchProblem(RequestError):
    code = "InvalidBatch"
    default_hint = "A batch has parts of application/http, or is JSON; docs/analysts.md has one of each."


class NameProblem(RequestError):
    code = "UnknownName"
    default_hint = "The names that you may use are in $metadata."


class TypeProblem(RequestError):
    code = "TypeMismatch"
    default_hint = "Column types are in $metadata; text goes in single quotes, dates as 2026-01-31."


class ValueProblem(RequestError):
    code = "InvalidValue"
    default_hint = "A value left the range of its type, or something was divided by zero."


class TokenProblem(RequestError):
    code = "InvalidPageToken"
    default_hint = "Start again from the first page; follow next links unchanged and with the same key."


class LimitProblem(RequestError):
    code = "LimitExceeded"
    default_hint = "Ask for less in one request; the limits are listed at /docs."


class NotFound(RequestError):
    status = 404
    code = "NotFound"
    default_hint = "The service document at /odata/v1/ lists what you may read."


class MethodProblem(RequestError):
    """`allowed` is the answer's Allow header."""

    status = 405
    code = "MethodNotAllowed"
    default_hint = "The views are read-only: use GET or HEAD."
    allowed: str = "GET, HEAD"

    def __init__(self, message: str, allowed: str | None = None, *, target: str | None = None) -> None:
        """Methods other than GET and HEAD are allowed where `allowed` says so."""
        super().__init__(message, target=target, hint=None if allowed is None else f"Use {allowed} here.")
        if allowed is not None:
            self.allowed = allowed


class BatchMethodProblem(MethodProblem):
    code = "BatchMethodNotAllowed"
    default_hint = "Send the batch with POST; what is in it are GET requests."
    allowed = "POST"


class NotAcceptable(RequestError):
    status = 406
    code = "NotAcceptable"
    default_hint = "Ask for application/json, or see /v1/views/ for CSV, Excel and Parquet."


class BodyTooSlow(RequestError):
    status = 408
    code = "RequestTimeout"
    default_hint = "Send the batch again; CRISIS_BATCH_SECONDS is the limit for all of it."


class PreconditionFailed(RequestError):
    status = 412
    code = "PreconditionFailed"
    default_hint = "Ask again without the header, and use the ETag of that answer."


class BodyTooLarge(RequestError):
    status = 413
    code = "PayloadTooLarge"
    default_hint = "Send fewer requests in one batch; CRISIS_BATCH_BYTES is the limit."


class MediaTypeProblem(RequestError):
    status = 415
    code = "UnsupportedMediaType"
    default_hint = "Send multipart/mixed with a boundary, or application/json."


class DependencyFailed(RequestError):
    status = 424
    code = "FailedDependency"
    default_hint = "Mend the request that this one depends on, and send both again."


class SnapshotGone(RequestError):
    status = 410
    code = "SnapshotGone"
    default_hint = "Newer numbers were published and the old ones removed: start again from the first page."


class UrlTooLong(RequestError):
    status = 414
    code = "UrlTooLong"
    default_hint = "Shorten the query; CRISIS_MAX_URL_LENGTH is the limit."


class RateLimited(RequestError):
    status = 429
    code = "RateLimited"
    default_hint = "Wait as long as Retry-After says, then go on."


class Unsupported(RequestError):
    status = 501
    code = "NotImplemented"
    default_hint = "Valid OData that this service does not offer; Capabilities in $metadata say what it does."


class AccessError(CrisisError):
    status = 403
    code = "AccessError"


class Unauthenticated(AccessError):
    status = 401
    code = "Unauthenticated"
    default_hint = "Send an API key as Basic (user = key id, password = secret), or a Bearer token."


class Forbidden(AccessError):
    code = "Forbidden"
    default_hint = "Your role may not use this route; ask the owner of your key."


class InsecureTransport(AccessError):
    code = "InsecureTransport"
    default_hint = "Use https; plain HTTP takes credentials on the loopback address only."


class Unavailable(CrisisError):
    status = 503
    code = "Unavailable"
    default_hint = "Try again in a moment."


class NoSnapshot(Unavailable):
    code = "NoSnapshot"
    default_hint = "Nothing is published yet: run `crisis refresh`."


class Busy(Unavailable):
    code = "Busy"


class AuditUnavailable(Unavailable):
    code = "AuditUnavailable"
    default_hint = "The audit trail cannot be written; data stays closed until it can. Check the disk."


class NoWorker(Unavailable):
    code = "NoWorker"
    default_hint = "Start `crisis schedule` where the nightly job runs, or run `crisis refresh` there; then ask again."


class ConfigurationError(CrisisError):
    code = "ConfigurationError"
    exit_code = 2
    default_hint = "Run `crisis doctor` to see the settings in force."


class JobError(CrisisError):
    code = "JobError"
    exit_code = 1
    default_hint = "Run `crisis doctor`; the last run's steps are in the service database."


class SourceUnreachable(JobError):
    code = "SourceUnreachable"
    exit_code = 10
    default_hint = "Check CRISIS_SOURCE_URL and that the database answers; yesterday's numbers stay published."


class ContractBroken(JobError):
    code = "ContractBroken"
    exit_code = 11
    default_hint = "Compare the source with docs/source-contract.md; yesterday's numbers stay published."


class CheckFailed(JobError):
    code = "CheckFailed"
    exit_code = 12
    default_hint = "Read the failed check, mend the source or the check, then run `crisis refresh` again."


class LeaseHeld(JobError):
    code = "LeaseHeld"
    exit_code = 13
    default_hint = "Another refresh is running; wait for it, or for its lease to expire."


class LeaseLost(JobError):
    code = "LeaseLost"
    exit_code = 14
    default_hint = "Another run took over; nothing was published by this one. Run `crisis refresh` again."


class ImportRejected(JobError):
    code = "ImportRejected"
    exit_code = 15
    default_hint = "The rejects file names line, column, value and reason; mend the file or the mapping."


class HistoryDamaged(JobError):
    code = "HistoryDamaged"
    exit_code = 16
    default_hint = "Restore the history folder from its backup; it cannot be rebuilt."


class NothingToReplay(JobError):
    code = "NothingToReplay"
    exit_code = 17
    default_hint = "Choose a date on or after the first event in the source."


class MigrationRefused(JobError):
    code = "MigrationRefused"
    exit_code = 18
    default_hint = "The reference schema goes only onto an empty database or one that bears our marker."


class PortInUse(JobError):
    code = "PortInUse"
    exit_code = 19
    default_hint = "Choose another port: `crisis serve --port 8001` or `make run PORT=8001`."


class FolderNotWritable(JobError):
    code = "FolderNotWritable"
    exit_code = 20
    default_hint = "Set CRISIS_HOME to a folder that this user may write."


class DeploymentFailed(JobError):
    code = "DeploymentFailed"
    exit_code = 21
    default_hint = "Check that the application is a member of the workspace, its secret and the ids; run it again."


class RunCancelled(JobError):
    code = "RunCancelled"
    exit_code = 22
    default_hint = "Yesterday's numbers stay published; run `crisis refresh`, or ask for one, when they are wanted."


class RunStopped(JobError):
    code = "RunStopped"
    exit_code = 23
    default_hint = (
        "Yesterday's numbers stay published; `crisis refresh` or the next start of `crisis schedule` goes on."
    )


class DiskFull(JobError):
    code = "DiskFull"
    exit_code = 24
    default_hint = "Make room below CRISIS_HOME, then run `crisis refresh` again; yesterday's numbers stay published."


class OutOfMemory(JobError):
    code = "OutOfMemory"
    exit_code = 25
    default_hint = "Give the job more memory, or end what runs beside it; then run `crisis refresh` again."


class ServiceDatabaseGone(JobError):
    code = "ServiceDatabaseGone"
    exit_code = 26
    default_hint = "Check CRISIS_SERVICE_URL and that the database answers, then run `crisis refresh` again."


class RunTooLong(JobError):
    code = "RunTooLong"
    exit_code = 27
    default_hint = "See in which step it stood (GET /v1/refresh-runs/ID), mend that, then run `crisis refresh`."


def all_errors() -> tuple[type[CrisisError], ...]:
    """Every class of the tree, parents first: for the documentation and its test."""
    for module in ("models.source_errors", "models.keeping_errors"):
        import_module(module)
    found: list[type[CrisisError]] = []
    waiting: list[type[CrisisError]] = [CrisisError]
    while waiting:
        cls = waiting.pop(0)
        found.append(cls)
        waiting.extend(cls.__subclasses__())
    return tuple(found)
