"""`python -m tests.arxiv_server --papers data/sample/papers.jsonl --port 0`."""

import argparse
import sys
from pathlib import Path

from tests.arxiv_server.faults import Faults
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store


def main():
    parser = argparse.ArgumentParser(prog="tests.arxiv_server", description=__doc__)
    parser.add_argument("--papers", type=Path, required=True, help="bulk-snapshot JSON lines")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--identifiers-size", type=int, default=1000)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    arxiv = LoopbackArxiv(
        Store.read(options.papers),
        faults=Faults(rate=options.fault_rate, seed=options.seed),
        page_size=options.page_size,
        identifiers_size=options.identifiers_size,
        port=options.port,
    )
    sys.stdout.write(f"PITH_OAI_URL={arxiv.oai_url}\nPITH_API_URL={arxiv.api_url}\n")
    sys.stdout.flush()
    try:
        arxiv.serve_forever()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
