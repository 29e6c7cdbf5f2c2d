"""The shapes of real papers: how long each field is, and how many of each thing there are.

    python -m tests.bench.shapes SNAPSHOT.jsonl ... > tests/bench/shapes.csv

measures them; the table holds figures and codes, and no word of any paper.
"""

import csv
import json
import sys
from dataclasses import astuple, dataclass, fields
from pathlib import Path

TABLE = Path(__file__).with_name("shapes.csv")


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """The shape of one paper; lengths are in characters, and 0 where the field is null."""

    title: int
    abstract: int
    paragraphs: int
    formulas: int
    authors: int
    authors_count: int
    comments: int
    journal_ref: int
    doi: int
    report_no: int
    versions: int
    categories: str
    license: str

    @classmethod
    def of(cls, paper):
        """Measure a paper of the bulk snapshot."""
        return cls(
            title=len(paper["title"]),
            abstract=len(paper["abstract"]),
            paragraphs=paper["abstract"].strip().count("\n  ") + 1,
            formulas=paper["abstract"].count("$") // 2,
            authors=len(paper["authors"]),
            authors_count=len(paper["authors_parsed"]),
            comments=len(paper["comments"] or ""),
            journal_ref=len(paper["journal-ref"] or ""),
            doi=len(paper["doi"] or ""),
            report_no=len(paper["report-no"] or ""),
            versions=len(paper["versions"]),
            categories=paper["categories"],
            license=paper["license"] or "",
        )


def real_papers(paths):
    """Return the papers of snapshot files by identifier: of repeated ones, the last."""
    lines = (line for path in paths for line in Path(path).read_bytes().splitlines())
    return {paper["id"]: paper for paper in map(json.loads, lines)}


def read_shapes():
    """Return the shapes that were measured."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        return [
            Shape(*(field.type(row[field.name]) for field in fields(Shape)))
            for row in csv.DictReader(table)
        ]


def main():
    """Measure the files named and print the table, sorted, so that its order tells nothing."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(field.name for field in fields(Shape))
    out.writerows(map(astuple, sorted(map(Shape.of, real_papers(sys.argv[1:]).values()))))


if __name__ == "__main__":
    main()
