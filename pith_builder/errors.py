"""The errors of Pith Builder, split by who must act.

Each carries the exit code that `pith` ends with. A message says what was found, what was
wanted and what to do.
"""

from __future__ import annotations


class PithError(Exception):
    """Any error this package raises on purpose."""

    exit_code = 1


class UsageError(PithError):
    """The caller asked for something that cannot be done as asked."""

    exit_code = 2


class MalformedError(PithError):
    """Data is not in the form it should have."""

    exit_code = 3


class VerificationError(PithError):
    """A digest, a signature or a proof does not hold: a person must look now."""

    exit_code = 4


class SourceError(PithError):
    """A source gave something that it should not have, or refused for good."""

    exit_code = 5


class SourceUnavailableError(SourceError):
    """A source cannot be reached at present; another try may help."""

    exit_code = 6


class LakeBusyError(PithError):
    """Another process is writing to the lake; waiting helps."""

    exit_code = 6


class SweptError(PithError):
    """What was being read was replaced by a later commit and removed since; begin again."""

    exit_code = 6


class StorageError(PithError):
    """The disk or the folder refused a write; the operator must act."""

    exit_code = 7
