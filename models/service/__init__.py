"""The service database: clients and their key hashes, grants, refresh runs, steps, requests, the lease, backups.

Importing this package registers every table in `METADATA`. Small, read on every request (keys) and
written by jobs (runs) and by `crisis keys`. Never holds row values of the crisis database.
"""

from __future__ import annotations

from models.service.access import ApiKey, KeyScope
from models.service.backups import BackupTaken
from models.service.base import METADATA
from models.service.requests import RefreshCancel, RefreshRequest, RefreshWorker
from models.service.runs import Lease, RefreshCheck, RefreshRun, RefreshStep

__all__ = [
    "METADATA",
    "ApiKey",
    "BackupTaken",
    "KeyScope",
    "Lease",
    "RefreshCancel",
    "RefreshCheck",
    "RefreshRequest",
    "RefreshRun",
    "RefreshStep",
    "RefreshWorker",
]
