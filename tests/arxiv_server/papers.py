"""Makers of papers for a loopback arXiv."""

from datetime import date

TEX_TITLE = r"""On Schr\"odinger's <i>cat</i> & the   $\alpha_{1} < \beta$ of M{\"u}ller
  et al."""
TEX_ABSTRACT = (
    "  We show that $a<b$ & $c>d$ \u2013 \u201cquoted\u201d, caf\u00e9, \\'etude, \U0001d53c &amp;"
    " ]]>\nwith \ttabs, two  blanks and a line's\nend.\n"
)


def paper(arxiv_id="2401.00001", on="2024-01-10", **fields):
    """One paper, last changed on a day."""
    month = f"20{arxiv_id[:2]}-{arxiv_id[2:4]}" if "." in arxiv_id else "1999-01"
    year, number = month.split("-")
    created = date(int(year), int(number), 2).strftime("%a, %-d %b %Y 10:00:00 GMT")
    return {
        "id": arxiv_id,
        "submitter": "A. Submitter",
        "authors": "A. Author, B. Author",
        "title": f"The paper {arxiv_id}",
        "categories": "cs.LG stat.ML",
        "abstract": f"  What {arxiv_id} says.\n",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "versions": [{"version": "v1", "created": created, "size": "12kb", "source_type": "D"}],
        "datestamp": on,
    } | fields


def papers(count, days=("2024-01-10", "2024-01-11", "2024-01-12")):
    """So many papers, spread evenly over days in their order."""
    return [
        paper(f"2401.{number + 1:05d}", days[number * len(days) // count])
        for number in range(count)
    ]
