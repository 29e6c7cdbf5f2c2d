"""Answers of OAI-PMH as arXiv's own server gives them, blanks included."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, quote, unquote, urlencode

from tests.arxiv_server.taxonomy import SET_SPECS, all_set_specs

EARLIEST = date(2005, 9, 16)
PREFIX = "oai:arXiv.org:"
FORMATS = {
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "arXiv": "http://arxiv.org/OAI/arXiv/",
    "arXivOld": "http://arxiv.org/OAI/arXivOld/",
    "arXivRaw": "http://arxiv.org/OAI/arXivRaw/",
}
_SCHEMAS = {"oai_dc": "https://www.openarchives.org/OAI/2.0/oai_dc.xsd"}
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;", "\r": "&#13;"}
_LIST = {"verb", "metadataPrefix", "from", "until", "set"}
_WORDS = {
    "badArgument": "The request includes illegal arguments, is missing required arguments, "
    "includes a repeated argument, or values for arguments have an illegal syntax.",
    "badResumptionToken": "The value of the resumptionToken argument is invalid or expired.",
    "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is "
    "missing, or the verb argument is repeated.",
    "cannotDisseminateFormat": "The metadata format identified by the value given for the "
    "metadataPrefix argument is not supported by the item or by the repository.",
    "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this "
    "repository.",
    "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix "
    "arguments results in an empty list.",
}
_OPTIONAL = (
    "comments",
    "proxy",
    "report-no",
    "acm-class",
    "msc-class",
    "journal-ref",
    "doi",
    "license",
    "abstract",
)
_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the server
    def __init__(self, code, reason="", query=None):
        super().__init__(code)
        self.code, self.reason, self.query = code, reason, query or {}


@dataclass
class OaiRepository:
    """A repository over a store; `page_size` counts records, `identifiers_size` identifiers."""

    store: object
    page_size: int = 100
    identifiers_size: int = 1000
    address: str = "http://oaipmh.arxiv.org/oai"

    def answer(self, arguments):
        """Answer one request, given as pairs of name and value; always with HTTP 200."""
        try:
            body, query, quotes = self._body(arguments)
        except Refusal as refusal:
            reason = f" Reason: {refusal.reason}" if refusal.reason else ""
            body = (
                f"    <error code='{refusal.code}'>{_WORDS[refusal.code]}"
                f"{reason.replace('<', '&lt;')}</error>\n"
            )
            query, quotes = refusal.query, "'" if "resumptionToken" in refusal.query else '"'
        return self.page(body, query, quotes)

    def page(self, body, query, quotes='"'):
        at = self.store.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        said = "".join(f" {name}={quotes}{text(value)}{quotes}" for name, value in query.items())
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" \n'
            '         xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
            '         xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ '
            'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
            f"    <responseDate>{at}</responseDate>\n"
            f"                <request{said}>{self.address}</request>\n\n\n"
            f"{body}</OAI-PMH>"
        ).encode()

    def _body(self, arguments):
        names = [name for name, _ in arguments]
        if len(names) != len(set(names)):
            raise Refusal("badArgument", "Duplicate parameters not allowed")
        given = dict(arguments)
        verb = given.get("verb", "")
        if verb in ("ListRecords", "ListIdentifiers"):
            return self._list(given)
        if verb == "GetRecord":
            return self._get_record(given)
        if verb in ("Identify", "ListSets", "ListMetadataFormats"):
            if set(given) - {"verb"} and verb != "ListMetadataFormats":
                raise Refusal("badArgument", "No other parameters allowed")
            body = {"Identify": self._identify, "ListSets": _sets, "ListMetadataFormats": _formats}
            return f"    <{verb}>\n{body[verb]()}    </{verb}>\n", {"verb": verb}, '"'
        raise Refusal("badVerb", "Invalid verb provided")

    def _get_record(self, given):
        if set(given) != {"verb", "identifier", "metadataPrefix"}:
            raise Refusal("badArgument", "Parameters provided did not match expected.")
        name = given["identifier"]
        if not name.startswith(PREFIX):
            raise Refusal("idDoesNotExist", f"All identifiers start with: {PREFIX}")
        short = name.removeprefix(PREFIX)
        if not _ID.fullmatch(short):
            raise Refusal("idDoesNotExist", "Invalid arXiv_id structure")
        query = {"verb": "GetRecord", "identifier": name}
        _checked_format(given, query)
        query["metadataPrefix"] = given["metadataPrefix"]
        entry = self.store.get(re.sub(r"v\d+$", "", short))
        if entry is None:
            raise Refusal("idDoesNotExist", "Nothing found for this ID", query)
        record = record_xml(entry, given["metadataPrefix"])
        return f"    <GetRecord>\n{record}\n    </GetRecord>\n", query, '"'

    def _list(self, given):
        verb, query, skip = given["verb"], {"verb": given["verb"]}, 0
        token = given.get("resumptionToken")
        if token is not None:
            if set(given) != {"verb", "resumptionToken"}:
                raise Refusal("badArgument", "No other paramters allowed with resumptionToken")
            query["resumptionToken"] = token
            given, skip = read_token(token)
            if given.get("verb") != verb:
                raise Refusal("badResumptionToken", "token from different verb", query)
        if "metadataPrefix" not in given:
            raise Refusal("badArgument", "metadataPrefix required.")
        if set(given) - _LIST:
            allowed = "set, from, metadataPrefix, verb, until"
            raise Refusal("badArgument", f"Unallowed parameter. Allowed parameters: {allowed}")
        _checked_format(given, {"verb": verb})
        entries = self.store.between(*self._days(given), _checked_set(given))
        query |= {} if token else given
        if not entries[skip:]:
            raise Refusal("noRecordsMatch", query=query)
        return self._list_page(verb, given, query, entries, skip)

    def _list_page(self, verb, given, query, entries, skip):
        """A page as arXiv cuts it: the token begins at the last day and skips what was shown."""
        size = self.page_size if verb == "ListRecords" else self.identifiers_size
        shown, more = entries[skip : skip + size], entries[skip + size :]
        token = (
            "                    <resumptionToken/>\n\n"
            if skip or "resumptionToken" in query
            else ""
        )
        if more:
            last_day = more[0].datestamp
            if last_day == shown[0].datestamp:
                value = make_token(given, skip + size)
            else:
                days = [entry.datestamp for entry in shown]
                value = make_token(given | {"from": str(last_day)}, days.count(last_day))
                query |= {} if "resumptionToken" in query else {"from": str(last_day)}
            token = self.token_xml(value)
        shown = sorted(shown, key=lambda entry: (entry.datestamp, PREFIX + entry.paper["id"]))
        if verb == "ListRecords":
            items = [record_xml(entry, given["metadataPrefix"], " " * 20) for entry in shown]
        else:
            items = [header_xml(entry, " " * 16) for entry in shown]
        body = f"    <{verb}>\n" + "\n".join(items) + f"\n{token}    </{verb}>\n"
        return body, query, "'" if "resumptionToken" in query else '"'

    def token_xml(self, value):
        midnight = (self.store.now() + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
        return (
            f"                    <resumptionToken expirationDate='{midnight}'>"
            f"{text(value)}</resumptionToken>\n\n"
        )

    def _days(self, given):
        today = self.store.now().date()
        days = []
        for name, default in (("from", EARLIEST), ("until", today)):
            said = given.get(name)
            days.append(_day(name, said) if said else default)
        if days[0] > days[1]:
            reason = "until date must be greater than or equal to from date"
            raise Refusal("badArgument", reason)
        if days[0] < EARLIEST:
            raise Refusal("badArgument", "start date too early")
        if days[1] > today:
            raise Refusal("badArgument", "until date too late")
        return days

    def _identify(self):
        return (
            "        <repositoryName>arXiv</repositoryName>\n"
            f"        <baseURL>{self.address}</baseURL>\n"
            "        <protocolVersion>2.0</protocolVersion>\n"
            "        <adminEmail>help@example.org</adminEmail>\n"
            f"        <earliestDatestamp>{EARLIEST}</earliestDatestamp>\n"
            "        <deletedRecord>persistent</deletedRecord>\n"
            "        <granularity>YYYY-MM-DD</granularity>\n\n"
        )


def _day(name, said):
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
            return date.fromisoformat(said)
    except ValueError:
        pass
    raise Refusal("badArgument", f"{name} date format must be YYYY-MM-DD")


def make_token(params, skip):
    return quote(urlencode(params | {"skip": skip}))


def read_token(token):
    params = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
    skip = params.pop("skip", "")
    if not skip.isdigit() or "verb" not in params:
        reason = "Token decoding failed or format is invalid."
        raise Refusal("badResumptionToken", reason)
    return params, int(skip)


def text(value):
    """Write text as arXiv's templates do; a carriage return too, which they would lose."""
    return "".join(_ESCAPES.get(character, character) for character in value)


def header_xml(entry, indent=""):
    sets = "".join(f"            <setSpec>{spec}</setSpec>\n" for spec in entry.set_specs)
    return (
        f"{indent}<header>\n"
        f"        <identifier>{PREFIX}{entry.paper['id']}</identifier>\n"
        f"        <datestamp>{entry.datestamp}</datestamp>\n"
        f"{sets}    </header>\n"
    )


def record_xml(entry, prefix, indent=" " * 16):
    metadata = _raw if prefix == "arXivRaw" else _cooked
    return (
        f"{indent}<record>\n{header_xml(entry, ' ' * 16)}\n            <metadata>\n"
        f"                        {metadata(entry.paper, prefix)}\n"
        "            </metadata>\n        </record>\n"
    )


def _open(prefix):
    namespace = FORMATS[prefix]
    return (
        f'<{prefix} xmlns="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{namespace} https://oaipmh.arxiv.org/OAI/{prefix}.xsd">\n'
    )


def _raw(paper, prefix):
    lines = [_element("id", paper["id"], 8), _element("submitter", paper.get("submitter") or "", 8)]
    lines += map(_version, paper["versions"])
    lines += [
        _element(name, paper.get(name) or "", 8) for name in ("title", "authors", "categories")
    ]
    for name in _OPTIONAL:
        if paper.get(name):
            lines.append(_element(name, paper[name], 12))
    return f"{_open(prefix)}{''.join(lines)}    </{prefix}>\n"


def _version(version):
    created = datetime.strptime(version["created"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    source_type = version.get("source_type")
    return (
        f'            <version version="{version["version"]}">\n'
        f"                <date>{format_datetime(created, usegmt=True)}</date>\n"
        f"                <size>{version.get('size', '12kb')}</size>\n"
        + (f"                    <source_type>{source_type}</source_type>\n" if source_type else "")
        + "            </version>\n"
    )


def _cooked(paper, prefix):
    """The form `arXiv`, whose text has gone through arXiv's TeX-to-Unicode step: not raw."""
    names = "title categories comments report-no msc-class journal-ref doi license abstract"
    lines = [_element("id", paper["id"], 8)]
    lines += [_element(name, cooked(paper[name]), 12) for name in names.split() if paper.get(name)]
    return f"{_open(prefix)}{''.join(lines)}    </{prefix}>\n"


def cooked(value):
    """A part of arXiv's lossy TeX-to-Unicode step, enough to show that the text differs."""
    for tex, letter in (('\\"o', "ö"), ('\\"u', "ü"), ("\\'e", "é"), ("\\alpha", "\u03b1")):
        value = value.replace("{" + tex + "}", letter).replace(tex, letter)
    return re.sub(r"\s+", " ", value).strip()


def _element(name, value, indent):
    return f"{' ' * indent}<{name}>{text(value)}</{name}>\n"


def _checked_format(given, query):
    if given["metadataPrefix"] not in FORMATS:
        raise Refusal("cannotDisseminateFormat", "Did not recognize requested format", query)


def _checked_set(given):
    wanted = given.get("set")
    if wanted is not None and wanted not in SET_SPECS:
        raise Refusal("badArgument", "Set does not exist")
    return wanted


def _sets():
    return "".join(
        f"                <set>\n        <setSpec>{spec}</setSpec>\n"
        f"        <setName>{spec}</setName>\n    </set>\n\n"
        for spec in all_set_specs()
    )


def _formats():
    return "".join(
        f"                <metadataFormat>\n    <metadataPrefix>{prefix}</metadataPrefix>\n"
        f"    <schema>{_SCHEMAS.get(prefix, f'https://oaipmh.arxiv.org/OAI/{prefix}.xsd')}</schema>\n"
        f"    <metadataNamespace>{namespace}</metadataNamespace>\n</metadataFormat>\n\n"
        for prefix, namespace in FORMATS.items()
    )
