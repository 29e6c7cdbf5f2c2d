"""Verifying documents from files or standard input, none of which is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pith_builder.core.keys import Keyring
from pith_builder.core.report import Code, Failure, Report
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import MalformedError, UsageError, VerificationError

MAX_DOCUMENT_BYTES = 64 << 20
"""A Pith document of more than 64 MiB is refused unread: it would have to be held in memory."""

_UNREADABLE = frozenset({Code.NOT_JSON, Code.UNKNOWN_KIND, Code.TOO_LARGE})


def verify_file(path: Path, keyring: Keyring, standard_input: BinaryIO) -> Report:
    """Verify the one document in a file, `-` being standard input.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        if str(path) == "-":
            data = standard_input.read(MAX_DOCUMENT_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > MAX_DOCUMENT_BYTES:
        message = f"more than {MAX_DOCUMENT_BYTES >> 20} MiB"
        return Report("unknown", "", (Failure("", Code.TOO_LARGE, message),))
    return verify_bytes(data, keyring)


def exit_code(reports: list[Report]) -> int:
    """Return the exit code that several reports come to: 0, or as the errors of their kinds."""
    failures = [failure for report in reports for failure in report.failures]
    if not failures:
        return 0
    if all(failure.code in _UNREADABLE for failure in failures):
        return MalformedError.exit_code
    return VerificationError.exit_code
