"""How a running refresh shows itself: a bar on a terminal, plain lines elsewhere, JSON for a log, or nothing.

Writes to standard error only, names and counts only. jobs.refresh.run tells events; the command chooses who listens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from models.clock import iso, now


@dataclass(frozen=True)
class Begun:
    """A step begins, with `total` parts where that is known."""

    step: str
    total: int | None = None


@dataclass(frozen=True)
class Moved:
    """`parts` of the running step are done; `label` names the last one."""

    label: str
    parts: int = 1


@dataclass(frozen=True)
class Done:
    """A step is done; `rows` is what it handled, where it counts any."""

    step: str
    rows: int | None = None


Progress = Callable[[Begun | Moved | Done], None]


def quiet(_event: Begun | Moved | Done) -> None:
    """Says nothing."""


class Lines:
    """One plain line a step, for logs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()

    def __call__(self, event: Begun | Moved | Done) -> None:
        """Print a finished step with its rows and seconds."""
        if isinstance(event, Begun):
            self.started = time.monotonic()
        elif isinstance(event, Done):
            counted = "" if event.rows is None else f"{event.rows:,} rows"
            seconds = time.monotonic() - self.started
            self.console.print(f"{event.step:<9} {seconds:6.1f} s  {counted}".rstrip(), highlight=False)


class Terminal:
    """A bar for each step."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar
        self.task = TaskID(0)

    def __call__(self, event: Begun | Moved | Done) -> None:
        """Begin, move or fill the step's bar."""
        if isinstance(event, Begun):
            self.task = self.bar.add_task(event.step, total=event.total, label="")
        elif isinstance(event, Moved):
            self.bar.update(self.task, advance=event.parts, label=event.label)
        else:
            label = "" if event.rows is None else f"{event.rows:,} rows"
            self.bar.update(self.task, total=1, completed=1, label=label)


class Structured:
    """One JSON object for each beginning and end of a step, for a log that a program reads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()

    def __call__(self, event: Begun | Moved | Done) -> None:
        """Write a line; the parts of a step are left out."""
        if isinstance(event, Moved):
            return
        said: dict[str, object] = {"time": iso(now()), "event": type(event).__name__, "step": event.step}
        if isinstance(event, Begun):
            self.started = time.monotonic()
        else:
            said |= {"rows": event.rows, "seconds": round(time.monotonic() - self.started, 3)}
        self.console.file.write(json.dumps(said) + "\n")
        self.console.file.flush()


@contextmanager
def showing(console: Console, *, as_json: bool = False) -> Iterator[Progress]:
    """The progress that fits `console`: bars on a terminal, plain lines elsewhere, JSON where a program reads."""
    if as_json:
        yield Structured(console)
        return
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description:<9}"), BarColumn(), TextColumn("{task.fields[label]}"))
    with Bar(*columns, TimeElapsedColumn(), console=console) as bar:
        yield Terminal(bar)
