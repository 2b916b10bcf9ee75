"""What goes wrong with backups and what follows a run, each with an exit code of its own: part of models.errors' tree.

JobError
├── BackupFailed         exit 40 the backup could not be written, or what it copies is not whole
├── BackupDamaged        exit 41 a file of the backup is missing or does not match its hash
├── RestoreRefused       exit 42 the place to restore into is not empty, or the backup is not for this version
└── PowerBiNotRefreshed  exit 43 Power BI did not refresh a semantic model; the run itself is not touched by it

Raised by jobs.backup and `crisis powerbi refresh`.
"""

from __future__ import annotations

from models.errors import JobError


class BackupFailed(JobError):
    code = "BackupFailed"
    exit_code = 40
    default_hint = "Look at the folder and its disk, then run it again; earlier backups are as they were."


class BackupDamaged(JobError):
    code = "BackupDamaged"
    exit_code = 41
    default_hint = "Take an earlier backup, or another copy of this one; nothing was restored."


class RestoreRefused(JobError):
    code = "RestoreRefused"
    exit_code = 42
    default_hint = "Name an empty folder in CRISIS_HOME; nothing is ever restored over what is there."


class PowerBiNotRefreshed(JobError):
    code = "PowerBiNotRefreshed"
    exit_code = 43
    default_hint = "docs/runbook.md says what each ending means; published figures are not touched by it."
