"""A program of someone else's, which `make demo-wheel` type-checks strictly and runs."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pith_builder
from pith_builder import Minting, Report, State


def minted(papers: Path, key: Path) -> Minting:
    """Mint papers, whatever of them is not rejected."""
    with papers.open("rb") as lines:
        return pith_builder.mint(lines, key, datetime.now(UTC))


def checked(minting: Minting) -> list[Report]:
    """Verify what was minted by its key alone."""
    return [pith_builder.verify(one.bundle, [minting.public_key]) for one in minting.records]


def states(minting: Minting) -> list[State]:
    """Merge what was minted, each twice over."""
    bundles = [record.to_json_object() for record in minting.records]
    merged = pith_builder.merge([*bundles, *bundles], [minting.public_key])
    return [one.state for one in merged.values() if one.state is not None]


def main(papers: str, key: str, lake: str) -> int:
    """Return 0 if the lake holds just what is minted here."""
    minting = minted(Path(papers), Path(key))
    numbers = {report.verified() for report in checked(minting)}
    held = pith_builder.connect(lake).sql("select pith_number, state_sha256 from states").fetchall()
    found = {number for number, _ in held}
    sys.stdout.write(f"{len(numbers)} minted and verified, {len(found)} in the lake\n")
    return 0 if numbers == found and len(states(minting)) == len(numbers) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
