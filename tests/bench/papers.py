"""Seeded, arXiv-shaped papers in any number: the same seed gives the same bytes."""

import random
from datetime import date, timedelta

import orjson

from tests.bench.months import Month, months
from tests.bench.shapes import read_shapes
from tests.bench.words import Words

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEXT_YEAR = 2027
AND_SHARE = 0.33
"""Of papers with several authors, how many have an `and` before the last."""


def write_papers(path, papers, seed=1):
    """Write so many lines of a bulk snapshot, month by month from 1991 to 2026."""
    with path.open("wb") as out:
        out.writelines(paper_lines(months(papers), seed))


def write_changes(path, source, papers, seed=2):
    """Write a night's changes to a snapshot: half new papers, half new versions of its papers."""
    news = papers // 2
    with source.open("rb") as lines:
        count = sum(1 for _ in lines)
    chance = random.Random(seed)  # noqa: S311 - papers are no secret
    revised = set(chance.sample(range(count), papers - news))
    with path.open("wb") as out, source.open("rb") as lines:
        out.writelines(_revised(line) for number, line in enumerate(lines) if number in revised)
        out.writelines(paper_lines([Month(NEXT_YEAR, 1, news)], seed))


def paper_lines(spread, seed):
    """Yield the lines of so many papers of each month; each shape comes as often as any other."""
    words = Words(seed)
    shapes = _shuffled(read_shapes(), words.chance)
    for month in spread:
        of_month = [next(shapes) for _ in range(month.papers)]
        arxiv_ids = month.arxiv_ids([shape.categories for shape in of_month])
        for number, (arxiv_id, shape) in enumerate(zip(arxiv_ids, of_month, strict=True)):
            day = date(month.year, month.month, 1 + number * 28 // month.papers)
            yield orjson.dumps(_paper(words, shape, arxiv_id, day)) + b"\n"


def _shuffled(shapes, chance):
    while True:
        chance.shuffle(shapes)
        yield from shapes


def _paper(words, shape, arxiv_id, day):
    authors, parsed = _authors(words, shape)
    versions, last_on = _versions(words.chance, shape.versions, day)
    doi = _or_null(words, shape.doi, "10.5555/")
    return {
        "id": arxiv_id,
        "submitter": " ".join(reversed(parsed[0][:2])),
        "authors": authors,
        "title": _wrapped(words.text(shape.title).capitalize(), 70, "\n  "),
        "comments": _or_null(words, shape.comments, "{pages} pages, "),
        "journal-ref": _or_null(words, shape.journal_ref, "J.Made-up.Phys.D{pages}:"),
        "doi": doi and doi.replace(" ", "."),
        "report-no": _or_null(words, shape.report_no, "MADE-UP-{pages}-"),
        "categories": shape.categories,
        "license": shape.license or None,
        "abstract": _abstract(words, shape),
        "versions": versions,
        "update_date": (last_on + timedelta(words.chance.randrange(4))).isoformat(),
        "authors_parsed": parsed,
    }


def _abstract(words, shape):
    """Return an abstract as arXiv has it: indented, wrapped, with a newline at its end."""
    chars = max(shape.abstract - 3 * shape.paragraphs, 1)
    body = words.text(chars, shape.formulas)
    step = -(-len(body) // shape.paragraphs)
    paragraphs = (body[start : start + step].strip() for start in range(0, len(body), step))
    return "  " + "\n  ".join(_wrapped(text, 78, "\n") for text in paragraphs) + "\n"


def _wrapped(text, width, newline):
    """Break a text at spaces, to lines of a width at most where its words allow."""
    lines, start = [], 0
    while len(text) - start > width:
        end = text.rfind(" ", start + 1, start + width + 1)
        if end < 0:
            break
        lines.append(text[start:end])
        start = end + 1
    return newline.join((*lines, text[start:]))


def _authors(words, shape):
    """Return the author string and its parts; an affiliation fills what names do not."""
    count = max(shape.authors_count, 1)
    chars = (shape.authors + 2) // count - 2
    chosen = [words.name(chars + words.chance.randrange(-2, 3)) for _ in range(count)]
    names = [name for name, _ in chosen]
    is_joined = count > 1 and words.chance.random() < AND_SHARE
    text = " and ".join((", ".join(names[:-1]), names[-1])) if is_joined else ", ".join(names)
    missing = shape.authors - len(text) - 3
    if missing > count + 12:
        text += f" ({words.text(missing)})"
    return text, [parts for _, parts in chosen]


def _or_null(words, chars, start):
    if not chars:
        return None
    begun = start.format(pages=words.chance.randrange(4, 40))
    return begun[:chars] + words.text(max(chars - len(begun), 0))


def _versions(chance, count, day):
    """Return versions, some days to months apart, and the day of the last."""
    versions = []
    for number in range(1, count + 1):
        versions.append({"version": f"v{number}", "created": _instant(chance, day)})
        last_on, day = day, day + timedelta(chance.randrange(2, 200))
    return versions, last_on


def _instant(chance, day):
    second = chance.randrange(86_400)
    return (
        f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year} "
        f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d} GMT"
    )


def _revised(line):
    """Return a paper's line with one version more, on the first day of the next year."""
    paper = orjson.loads(line)
    created = f"Fri, 1 Jan {NEXT_YEAR} 12:00:00 GMT"
    number = max(int(entry["version"][1:]) for entry in paper["versions"]) + 1
    paper["versions"].append({"version": f"v{number}", "created": created})
    paper["abstract"] = paper["abstract"].rstrip("\n") + "\nRevised.\n"
    paper["update_date"] = f"{NEXT_YEAR}-01-01"
    return orjson.dumps(paper) + b"\n"
