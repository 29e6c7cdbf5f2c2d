"""Time a rival: `python -m tests.bench.rivals MODULE SOURCE FOLDER` prints papers and seconds.

The clock runs from the start of the work, imports and keys made, to its last file written.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def main():
    """Run the work of one rival."""
    name, source, folder = sys.argv[1:]
    work = import_module(f"tests.bench.rivals.{name}").ready(Path(source), Path(folder))
    started = time.perf_counter()
    papers = work()
    print(json.dumps({"papers": papers, "seconds": time.perf_counter() - started}))  # noqa: T201


if __name__ == "__main__":
    main()
