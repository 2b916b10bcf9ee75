"""What `crisis doctor` can find: stable ids, so that an operator can look them up and a script can act.

E = something does not work, W = it works but will hurt. Declared here; established by jobs.commands.doctor.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One kind of finding. `next_step` is what to do about it."""

    id: str
    title: str
    next_step: str


FINDINGS: dict[str, Finding] = {
    finding.id: finding
    for finding in (
        Finding("E001", "The home folder cannot be written", "Set CRISIS_HOME to a folder that this user may write."),
        Finding("E002", "The service database does not answer", "Check CRISIS_SERVICE_URL and the disk."),
        Finding("E003", "The service database is not at the newest migration", "Run `crisis migrate service`."),
        Finding("E004", "The crisis database does not answer", "Check CRISIS_SOURCE_URL; published figures stay."),
        Finding("E005", "Nothing is published", "Run `crisis refresh`, or `crisis demo` to try the service."),
        Finding(
            "E006", "The published snapshot is damaged", "Run `crisis refresh --as-of` with its day to make it anew."
        ),
        Finding("W001", "The published figures are stale", "Look at the last run below, then run `crisis refresh`."),
        Finding("W002", "The last refresh failed", "Do what its message says, then run `crisis refresh`."),
        Finding("W003", "No key can read any figures", "Run `crisis keys add --role viewer --client NAME`."),
        Finding("W004", "Demonstration mode is on", "Unset CRISIS_DEMO where real data is served."),
        Finding(
            "W005", "Less than 1 GB of disk is free", "Make room: a refresh needs it to build before it publishes."
        ),
        Finding(
            "W006",
            "The schedule fell silent",
            "Start `crisis schedule` again; see that whatever keeps it running (systemd, Task Scheduler) does.",
        ),
        Finding(
            "W007",
            "A refresh was killed, and its record is still open",
            "Run `crisis refresh`, which closes it and makes the night good. A killed run tells nobody.",
        ),
        Finding(
            "W011",
            "Power BI was not refreshed after the last run",
            "Look the word up in docs/runbook.md, then run `crisis powerbi refresh`.",
        ),
        Finding(
            "W012", "The webhook was not told of the last run's end", "Check CRISIS_WEBHOOK_URL and who answers there."
        ),
        Finding(
            "W013",
            "The settings of Power BI or the webhook are not complete",
            "Set what is named; docs/operations.md lists them.",
        ),
        Finding(
            "W014",
            "The metrics file is not kept current",
            "See that the job's user may write the folder of CRISIS_METRICS_FILE, and that `crisis schedule` runs.",
        ),
        Finding(
            "W010",
            "The history has no recent backup",
            "Run `crisis backup` every night, outside CRISIS_HOME, and set CRISIS_BACKUP_FOLDER.",
        ),
    )
}
