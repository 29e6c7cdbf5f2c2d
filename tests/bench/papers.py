"""Seeded, arXiv-shaped papers in any number, made of the sample's words."""

import json
import random
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "papers.jsonl"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_papers(path, count, seed=1):
    """Write `count` lines of a bulk snapshot, in the order of their identifiers."""
    chance = random.Random(seed)  # noqa: S311 - papers are no secret
    templates = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            out.write(json.dumps(_paper(chance, chance.choice(templates), number, count)) + "\n")


def _paper(chance, template, number, count):
    month = number * 120 // count
    year, month = 2016 + month // 12, month % 12
    # 99,999 papers a month at most, as arXiv's five digits allow
    arxiv_id = f"{year % 100:02d}{month + 1:02d}.{number % 99_999 + 1:05d}"
    words = (template["abstract"] * 3).split()[: chance.randint(80, 260)]
    chance.shuffle(words)
    created = f"{chance.randint(1, 28)} {MONTHS[month]} {year} 12:{number % 60:02d}:00 GMT"
    return {
        **template,
        "id": arxiv_id,
        "title": f"{template['title']} {number}",
        "abstract": "  " + " ".join(words) + "\n",
        "versions": [{"version": "v1", "created": created}],
    }
