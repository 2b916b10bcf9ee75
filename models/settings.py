"""Settings from the environment (prefix `CRISIS_`) or a file: one class for each kind of process.

Read once at the start of a process and passed on; nothing else reads the environment, except
`models.clock` for `CRISIS_NOW` in drills. `docs/settings.md` describes every one, by test.
"""

from __future__ import annotations

import os
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SOURCE_SECRETS = ("CRISIS_SOURCE_URL", "CRISIS_SOURCE_TOKEN_FILE")
"""Environment names that only jobs may see; `crisis serve` removes them before it starts the API."""


class SharedSettings(BaseSettings):
    """What API and jobs both need."""

    model_config = SettingsConfigDict(
        env_prefix="CRISIS_",
        env_file=os.environ.get("CRISIS_SETTINGS_FILE"),
        extra="ignore",
        frozen=True,
    )

    home: Path = Field(default=Path("var"), description="Folder for everything that is written.")
    service_url: str | None = Field(
        default=None, description="SQLAlchemy address of the service database; default: SQLite in the home folder."
    )
    demo: bool = Field(default=False, description="Demonstration mode: throw-away keys, synthetic data.")
    city_zone: str = Field(default="America/Toronto", description="Zone of the operational day.")
    stale_hours: float = Field(default=26.0, gt=0, description="Published figures older than this are stale.")
    pepper: SecretStr | None = Field(
        default=None, description="Pepper of the key hashes, in hex; default: made once in the home folder."
    )

    @property
    def snapshots(self) -> Path:
        """Folder of the published snapshots."""
        return self.home / "snapshots"

    @property
    def service_database(self) -> str:
        """Address of the service database in force."""
        return self.service_url or f"sqlite:///{self.home / 'service.db'}"


class ApiSettings(SharedSettings):
    """The web process. It has no address of the crisis database and refuses to start with one outside demo."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on.")
    public_url: str | None = Field(
        default=None, description="Root under which clients reach the service; links are built from it."
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM certificate chain; with it the service speaks https."
    )
    tls_key: Path | None = Field(default=None, description="PEM private key of the certificate.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses of proxies, comma-separated, whose X-Forwarded-Proto is believed."
    )
    entra_tenant: str | None = Field(default=None, description="Entra tenant id, named in the sign-in challenge.")
    token_key: SecretStr | None = Field(
        default=None, description="Key that seals page tokens, 32 bytes in hex; default: made once in the home folder."
    )
    page_size: int = Field(default=10_000, ge=1, description="Rows on a page when the client names no size.")
    max_page_size: int = Field(default=50_000, ge=1, description="Most rows on a page, whatever the client asks.")
    max_url_length: int = Field(default=8_192, ge=256, description="Characters of path and query together.")
    max_nodes: int = Field(default=2_000, ge=10, description="Nodes of all expressions in one request.")
    max_depth: int = Field(default=64, ge=4, description="Nesting of an expression.")
    max_export_rows: int = Field(default=1_000_000, ge=1, description="Rows of one CSV, Excel or Parquet download.")
    query_seconds: float = Field(default=30.0, gt=0, description="A query that runs longer is stopped.")
    queries_in_flight: int = Field(default=os.cpu_count() or 2, ge=1, description="Queries that run at the same time.")
    requests_per_minute: int = Field(default=1_200, ge=1, description="Requests of one key in a minute.")

    batch_requests: int = Field(default=100, ge=1, description="Requests in one batch.")
    batch_bytes: int = Field(default=1_048_576, ge=1_024, description="Bytes of the body of a batch.")
    batch_seconds: float = Field(
        default=60.0, gt=0, description="A batch that has taken longer answers its remaining requests with 503."
    )

    record_requests: Path | None = Field(
        default=None, description="File in which every request is recorded, without any value that a client wrote."
    )
    record_bytes: int = Field(default=10_485_760, ge=4_096, description="The recording ends when its file has so many.")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        """`10.0.0.1, 10.0.0.2` as its parts."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class JobSettings(SharedSettings):
    """The nightly job and the command line: the only process with the address of the crisis database."""

    source_url: str | None = Field(
        default=None, description="SQLAlchemy address of the crisis database; default: SQLite in the home folder."
    )
    source_login_seconds: int = Field(default=15, ge=1, description="SQL Server: how long to wait for a connection.")
    source_statement_seconds: int = Field(default=300, ge=1, description="SQL Server: limit of one statement.")
    source_zone: str = Field(default="UTC", description="SQL Server: zone of clocks without an offset.")
    source_selects: Path | None = Field(
        default=None, description="SQL Server: folder of SELECT files that map a city's own tables to the contract."
    )
    source_full_days: int = Field(
        default=0,
        ge=0,
        description="SQL Server: nights in between ask for changes alone, and only a full one finds deletes; 0: every night is full.",
    )
    source_overlap_minutes: int = Field(
        default=120,
        ge=0,
        description="SQL Server: how late a change may be committed, for tables without a rowversion.",
    )
    source_token_file: Path | None = Field(
        default=None, description="SQL Server: file with an Entra access token, read anew for each connection."
    )
    source_entra: bool = Field(
        default=False, description="SQL Server: sign in with this machine's Azure identity (azure-identity)."
    )
    assessment_window_hours: int = Field(default=24, ge=1, description="Window of D4.")
    arrival_target_minutes: int = Field(default=60, ge=1, description="Target of the first arrival, all priorities.")
    follow_up_hours: int = Field(default=48, ge=1, description="Window of D13.")
    cleaning_profile: str = Field(default="product", description="Set of cleaning rules: product or published.")
    keep_snapshots_hours: float = Field(
        default=48.0, ge=0, description="Old snapshots are kept this long for clients that page."
    )
    keep_snapshots_days: int = Field(
        default=14, ge=0, description="The last snapshot of each day is kept this many days."
    )
    schedule_at: time = Field(
        default=time(2, 15), description="Hour of the nightly run of `crisis schedule`, in the city's zone."
    )
    keep_runs_days: int = Field(
        default=400, ge=35, description="Rows about refresh runs, their steps and requests are kept this many days."
    )
    keep_audit_days: int | None = Field(
        default=None, ge=1, description="Files of the audit trail are kept this many days; default: for ever."
    )
    run_hours: float = Field(default=12.0, gt=0, description="A refresh that takes longer hangs, and is ended.")
    lease_seconds: float = Field(
        default=120.0, gt=0, description="A refresh that says nothing for this long has lost its lease."
    )

    backup_folder: Path | None = Field(
        default=None, description="Folder below which `crisis backup` makes its backups; outside CRISIS_HOME."
    )
    backup_hours: float = Field(default=48.0, gt=0, description="A newest backup older than this is a finding.")

    metrics_file: Path | None = Field(
        default=None,
        description="File, ending with .prom, that is kept current for the textfile collector of a node exporter.",
    )

    powerbi_tenant: str | None = Field(default=None, description="Entra tenant of the application that refreshes.")
    powerbi_client: str | None = Field(default=None, description="Id of the application that refreshes.")
    powerbi_secret_file: Path | None = Field(
        default=None, description="File with the secret of the application that refreshes; read anew each time."
    )
    powerbi_workspace: str | None = Field(
        default=None, description="Id of the workspace of the semantic models that are refreshed after every run."
    )
    powerbi_datasets: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Semantic models to refresh: `viewer:WORKSPACE/MODEL, analyst:WORKSPACE/MODEL`, by their ids.",
    )
    powerbi_mode: Literal["auto", "enhanced", "plain"] = Field(
        default="auto", description="Kind of refresh; auto: enhanced where the workspace's capacity takes it."
    )
    powerbi_wait_minutes: float = Field(
        default=30.0, gt=0, description="How long a run's last step waits for the end of one model's refresh."
    )
    powerbi_narrowed: bool = Field(
        default=False,
        description="The record tables' policy reads fewer past years than ours: read them whole after a revision.",
    )
    powerbi_api: str = Field(default="https://api.powerbi.com", description="Power BI; another in national clouds.")
    powerbi_login: str = Field(
        default="https://login.microsoftonline.com", description="Entra; another in national clouds."
    )
    powerbi_scope: str = Field(
        default="https://analysis.windows.net/powerbi/api/.default", description="Scope of the token."
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="Told of every run's end by POST; hidden, as its path often is a secret."
    )
    webhook_failure_url: SecretStr | None = Field(
        default=None, description="Told of failures instead; default: the same address."
    )

    fabric_workspace: str | None = Field(default=None, description="Id of the workspace for `crisis powerbi deploy`.")
    fabric_environment: str = Field(default="PROD", description="Environment in parameter.yml that is published.")
    fabric_tenant: str | None = Field(default=None, description="Entra tenant of the application that publishes.")
    fabric_client: str | None = Field(default=None, description="Id of the application that publishes.")
    fabric_secret: SecretStr | None = Field(
        default=None, description="Secret of the application that publishes; here only, never an option."
    )

    @field_validator("powerbi_datasets", mode="before")
    @classmethod
    def split_datasets(cls, value: object) -> object:
        """`viewer:1, analyst:2` as its parts."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def source_database(self) -> str:
        """Address of the crisis database in force."""
        return self.source_url or f"sqlite:///{self.home / 'crisis.db'}"

    @property
    def follows(self) -> bool:
        """Whether anything is set to follow a run's end."""
        return any((self.webhook_url, self.webhook_failure_url, self.powerbi_datasets))

    @property
    def history(self) -> Path:
        """Folder of the history: every source row version, append-only."""
        return self.home / "history"
