"""How much of a search for faults is done: a share in each run, the whole by `make faults`."""

import os

WHOLE = os.environ.get("PITH_FAULTS") == "whole"
SEED = int(os.environ.get("PITH_TEST_SEED", "7"))
"""What every draw begins with; a failure names it, so that it replays."""


def of(share, whole):
    """Return how many cases to try: `share` in an ordinary run, `whole` by `make faults`."""
    return whole if WHOLE else share
