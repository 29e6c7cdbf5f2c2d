"""Pith Builder: mint, keep and verify content-addressed records of arXiv papers.

The names below are those of `pith_builder.api`; importing this package alone imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pith_builder.api import (
        Ed25519Signer,
        Merged,
        MintedRecord,
        Minting,
        Paper,
        PublicKey,
        Registry,
        RejectedLine,
        Report,
        State,
        connect,
        merge,
        mint,
        parts,
        shipped_keys,
        verify,
    )

__all__ = [
    "Ed25519Signer",
    "Merged",
    "MintedRecord",
    "Minting",
    "Paper",
    "PublicKey",
    "Registry",
    "RejectedLine",
    "Report",
    "State",
    "connect",
    "merge",
    "mint",
    "parts",
    "shipped_keys",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: pyarrow and DuckDB take half a second, which few need."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pith_builder import api  # noqa: PLC0415 - see above

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
