"""Answers of the query API: Atom feeds as arXiv sends them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tests.arxiv_server.oai import cooked

ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")
_DATES = re.compile(r"submittedDate:\[(\d{12}) TO (\d{12})\]")
_TERM = re.compile(r'(\w+):("[^"]*"|[^\s()]+)')
_FIELDS = {"au": ("authors",), "ti": ("title",), "abs": ("abstract",), "co": ("comments",)}


@dataclass
class QueryApi:
    """The query API over a store: terms joined by AND, which is all the builder asks."""

    store: object
    limit: int = 30_000

    def answer(self, arguments):
        """Answer one request, given as pairs of name and value."""
        given = dict(arguments)
        start, size = int(given.get("start", 0)), int(given.get("max_results", 10))
        query, id_list = given.get("search_query", ""), given.get("id_list", "")
        ids = [name for name in id_list.split(",") if name]
        for name in ids:
            if not ID.fullmatch(name):
                return self.error(f"incorrect id format for {name}")
        if size > 2000:
            return self.error("max_results must be at most 2000")
        found = self.found(query, ids)
        shown = found[start : min(start + size, self.limit)]
        title = f"search_query={query}&id_list={id_list}&start={start}&max_results={size}"
        return self.feed(f"arXiv Query: {title}", shown, len(found), start, size)

    def found(self, query, ids=()):
        entries = list(self.store)
        if ids:
            wanted = {re.sub(r"v\d+$", "", name) for name in ids}
            entries = [entry for entry in entries if entry.paper["id"] in wanted]
        elif not query:
            return []
        dates = _DATES.search(query)
        if dates:
            first, last = dates[1], dates[2] + "59"
            entries = [e for e in entries if first <= f"{submitted(e):%Y%m%d%H%M%S}" <= last]
        for field, value in _TERM.findall(_DATES.sub("", query)):
            entries = [e for e in entries if _matches(e.paper, field, value.strip('"'))]
        return sorted(entries, key=lambda entry: (submitted(entry), entry.paper["id"]))

    def feed(self, title, entries, total, start, size):
        body = "".join(map(_entry, entries))
        return (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
            'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
            "  <id>https://arxiv.org/api/loopback</id>\n"
            f"  <title>{escape(title)}</title>\n"
            f"  <updated>{self.store.now():%Y-%m-%dT%H:%M:%SZ}</updated>\n"
            f"  <opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>\n"
            f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
            f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n"
            f"{body}</feed>\n"
        ).encode()

    def error(self, message):
        """An error as arXiv sends it: HTTP 200, one result that looks like an entry."""
        address = f"https://arxiv.org/api/errors#{message.replace(' ', '_')}"
        at = f"{self.store.now():%Y-%m-%dT%H:%M:%SZ}"
        entry = (
            f"  <entry>\n    <id>{escape(address)}</id>\n    <title>Error</title>\n"
            f"    <updated>{at}</updated>\n    <summary>{escape(message)}</summary>\n"
            "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n"
        )
        feed = self.feed("arXiv Search Results", [], 1, 0, 1).decode()
        return feed.replace("</feed>", f"{entry}</feed>").encode()


def submitted(entry):
    created = entry.paper["versions"][0]["created"]
    return datetime.strptime(created, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


def _matches(paper, field, value):
    if field == "cat":
        return value in paper["categories"].split()
    names = _FIELDS.get(field, ("authors", "title", "abstract"))
    return any(value.lower() in (paper.get(name) or "").lower() for name in names)


def _entry(entry):
    paper = entry.paper
    at = f"{submitted(entry):%Y-%m-%dT%H:%M:%SZ}"
    categories = paper["categories"].split()
    terms = "".join(f'    <category term="{name}"/>\n' for name in categories)
    return (
        f"  <entry>\n    <id>http://arxiv.org/abs/{paper['id']}v{len(paper['versions'])}</id>\n"
        f"    <title>{escape(cooked(paper['title']))}</title>\n    <updated>{at}</updated>\n"
        f"    <summary>{escape(cooked(paper['abstract']))}</summary>\n{terms}"
        f"    <published>{at}</published>\n"
        f'    <arxiv:primary_category term="{categories[0]}"/>\n'
        f"    <author>\n      <name>{escape(paper['authors'])}</name>\n    </author>\n  </entry>\n"
    )
