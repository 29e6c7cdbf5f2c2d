"""What every flow shares: the options of a run, its signing key, and what another try can mend."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from prefect.blocks.system import Secret
from pydantic import BaseModel, ConfigDict, Field

from pith_builder.errors import LakeBusyError, PithError, SourceUnavailableError, UsageError
from pith_builder.operations.transaction import Target
from pith_builder.settings import Settings
from pith_builder.signing.ed25519 import Ed25519Signer
from pith_builder.signing.key_files import signer_from


class Options(BaseModel):
    """Where a run writes, with which key, and how long it bears with others.

    What is left empty comes from the worker's environment, as for the `pith` command.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake: Path | None = Field(default=None, description="The lake's folder. Empty: PITH_LAKE.")
    signing_key_block: str | None = Field(
        default=None,
        description="The name of the Secret block that holds the key file's text. "
        "Empty: PITH_SIGNING_KEY_BLOCK, else the file PITH_SIGNING_KEY_FILE.",
    )
    workers: int | None = Field(
        default=None, ge=1, le=256, description="Processes that mint. Empty: one a core."
    )
    wait_seconds: float = Field(
        default=3600.0, ge=0, description="How long to wait for another writer of the lake."
    )
    retries: int = Field(
        default=3, ge=0, le=20, description="More tries if arXiv is away or the lake is busy."
    )
    retry_seconds: float = Field(
        default=300.0,
        ge=0,
        description="The wait before the first of them, doubled each time.",
    )
    now: datetime | None = Field(
        default=None, description="Date everything with this instant instead of the clock's."
    )

    @property
    def place(self) -> Path:
        """The lake's folder."""
        return self.lake or Settings.of(os.environ).lake

    @property
    def processes(self) -> int:
        """How many processes may mint; one in a Dask worker, which may have no children."""
        if multiprocessing.current_process().daemon:
            return 1
        return self.workers or len(os.sched_getaffinity(0))

    @property
    def instant(self) -> datetime:
        """What everything is dated with, UTC."""
        if self.now is None:
            return datetime.now(UTC)  # noqa: TID251 - the edge, where time comes in
        return self.now.replace(tzinfo=self.now.tzinfo or UTC).astimezone(UTC)

    def signer(self) -> Ed25519Signer:
        """Read the signing key, where it is used: it goes between no tasks.

        Raises:
            UsageError: There is none, or others can read it.
            MalformedError: What is there is no key file.
        """
        block = self.signing_key_block or os.environ.get("PITH_SIGNING_KEY_BLOCK")
        return signer_in_block(block) if block else Settings.of(os.environ).signer()

    def target(self) -> Target:
        """Return where a run writes, as whom and when.

        Raises:
            UsageError: There is no signing key, or others can read it.
            MalformedError: A setting, or the key, is not in its form.
        """
        return Target(
            lake=self.place,
            registry=Settings.of(os.environ).registry,
            signer=self.signer(),
            now=self.instant,
            workers=self.processes,
            wait_seconds=self.wait_seconds,
        )

    def tries(self) -> dict[str, Any]:
        """Return the options of a task that waits out a busy source or lake."""
        waits = [self.retry_seconds * 2**number for number in range(self.retries)]
        return {"retries": self.retries, "retry_delay_seconds": waits or 0}


DEFAULTS = Options()


def signer_in_block(name: str) -> Ed25519Signer:
    """Read the signing key in a Secret block.

    Raises:
        UsageError: There is no such block.
        MalformedError: It holds no key file's text.
    """
    try:
        block = cast("Secret[Any]", Secret.load(name))
    except ValueError as error:
        raise UsageError(
            f"there is no Secret block {name!r}, wanted for the signing key"
        ) from error
    held = block.get()
    # Prefect parses a text that is JSON, as a key file's is.
    text = held if isinstance(held, str) else json.dumps(held)
    return signer_from(text.encode(), f"Secret block {name!r}")


@contextmanager
def own_processes() -> Iterator[None]:
    """Let an operation start processes of its own that do not import Prefect.

    A spawned process imports the main module again, which in a flow run is Prefect's: 1.4 s of
    CPU each, measured. The operations need nothing of it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def may_pass(_task: Any, _run: Any, state: Any) -> bool:
    """Retry only what another attempt could mend."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, SourceUnavailableError | LakeBusyError)


class OneLine(logging.Filter):
    """Our errors are one line; any other keeps its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop the traceback of an error whose message says all."""
        if record.exc_info and isinstance(record.exc_info[1], PithError):
            record.exc_info = None
        return True


# PREFECT_LOGGING_EXTRA_LOGGERS gives the package's loggers to Prefect, but leaves them their level.
logging.getLogger("pith_builder").setLevel(logging.INFO)

for _name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(OneLine())
