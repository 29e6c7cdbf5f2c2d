"""XML from strangers: no entity, no network, no document type, and no more memory than is right.

An answer of a source is read whole or not at all. Each attack is tried in several encodings, so
that none is hidden from the check of the bytes; a server on loopback counts who comes for a file.
"""

import resource
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from pith_builder.errors import MalformedError, PithError
from pith_builder.sources.api import check_feed
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai_page import read_page
from pith_builder.sources.strict_xml import elements, parse_xml, serialised
from tests.fuzz.targets import targets

SECONDS = 10
"""Of one answer: a thousand times what each takes here, and nothing to one that blows up."""


@contextmanager
def counting_server():
    """Give the address of a server, and a list of what was asked of it."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        is_over = threading.Event()

        def serve():
            while not is_over.is_set():
                try:
                    client, _ = listening.accept()
                except TimeoutError:
                    continue
                with client:
                    asked.append(client.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        finally:
            is_over.set()
            thread.join()


def laughs(count=12):
    """Return a billion laughs: each entity is ten of the one before."""
    declared = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, count)
    )
    return f'<!DOCTYPE a [<!ENTITY l0 "lol">{declared}]>'


LONG = "x" * 100_000
ATTACKS = {
    "a billion laughs": f"{laughs()}<a>&l11;</a>",
    "a billion laughs in an attribute": f'{laughs()}<a b="&l11;"/>',
    "a quadratic blowup": f'<!DOCTYPE a [<!ENTITY x "{LONG}">]><a>{"&x;" * 10_000}</a>',
    "a quadratic blowup in an attribute": (
        f'<!DOCTYPE a [<!ENTITY x "{LONG}">]><a b="{"&x;" * 10_000}"/>'
    ),
    "entities that name each other": (
        '<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a b="&x;">&x;</a>'
    ),
    "a file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "a file by a public name": (
        '<!DOCTYPE a [<!ENTITY x PUBLIC "a" "file:///etc/hostname">]><a>&x;</a>'
    ),
    "an entity from the network": '<!DOCTYPE a [<!ENTITY x SYSTEM "{url}/x">]><a>&x;</a>',
    "a document type from the network": '<!DOCTYPE a SYSTEM "{url}/a.dtd"><a/>',
    "a public document type": '<!DOCTYPE a PUBLIC "-//A//B" "{url}/a.dtd"><a/>',
    "a document type from a file": '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
    "a parameter entity from the network": (
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}/x.dtd"> %x;]><a/>'
    ),
    "a parameter entity that builds another": (
        '<!DOCTYPE a [<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % e "<!ENTITY &#37; s '
        "SYSTEM '{url}/?%f;'>\"> %e; %s;]><a/>"
    ),
    "parameter entities that multiply": (
        '<!DOCTYPE a [<!ENTITY % x "' + "y" * 1000 + '"><!ENTITY % z "%x;%x;%x;">%z;]><a/>'
    ),
    "a default attribute": '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
    "a notation": '<!DOCTYPE a [<!NOTATION n SYSTEM "{url}/n">]><a/>',
    "an empty document type": "<!DOCTYPE a><a/>",
    "a document type after comments": f"<!-- {LONG} --><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    "an undeclared entity": "<a>&x;</a>",
    "an HTML entity": "<a>&eacute;</a>",
}
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "latin-1")
NAMED = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "cp037": "EBCDIC-CP-US"}


def written(text, encoding, *, is_declared=True):
    name = NAMED.get(encoding, encoding.upper())
    head = f'<?xml version="1.0" encoding="{name}"?>' if is_declared else ""
    return f"{head}{text}".encode(encoding, "xmlcharrefreplace")


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_expands_reads_or_reaches_out(name):
    with counting_server() as (url, asked):
        for encoding in ENCODINGS:
            for is_declared in (True, False):
                text = ATTACKS[name].replace("{url}", url)
                document = written(text, encoding, is_declared=is_declared)
                started, before = time.process_time(), peak_bytes()
                with pytest.raises(MalformedError) as refused:
                    parse_xml(document)
                assert time.process_time() - started < SECONDS
                assert peak_bytes() - before < (1 << 26) + 8 * len(document)
                assert len(str(refused.value)) < 2_000
        assert asked == []


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


NOT_FOLLOWED = {
    "an inclusion": (
        '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" '
        'parse="text"/><xi:include href="{url}/x"/></a>'
    ),
    "a style sheet": '<?xml-stylesheet href="{url}/x.xsl" type="text/xsl"?><a/>',
    "a schema": (
        '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="{url}/a {url}/a.xsd" xsi:noNamespaceSchemaLocation="{url}/b.xsd"/>'
    ),
    "a base": '<a xml:base="{url}/"><b href="x"/></a>',
    "a namespace": '<a xmlns="{url}/ns"/>',
    "a link": '<a xmlns:l="http://www.w3.org/1999/xlink" l:href="{url}/x" l:actuate="onLoad"/>',
}


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_what_other_software_would_follow_is_only_text(name):
    with counting_server() as (url, asked):
        root = parse_xml(NOT_FOLLOWED[name].replace("{url}", url).encode())
        assert all(not child.text for child in elements(root))
        assert serialised(root)
        assert asked == []


LARGE = {
    "elements a hundred thousand deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "elements a hundred thousand deep, not closed": b"<a>" * 100_000,
    "a text of eleven million bytes": b"<a>" + b"x" * 11_000_000 + b"</a>",
    "an attribute of eleven million bytes": b'<a b="' + b"x" * 11_000_000 + b'"/>',
    "a name of a million bytes": b"<" + b"a" * 1_000_000 + b"/>",
    "a comment of eleven million bytes": b"<a><!--" + b"x" * 11_000_000 + b"--></a>",
    "an instruction of eleven million bytes": b"<a><?b " + b"x" * 11_000_000 + b"?></a>",
    "an attribute twice": b'<a b="1" b="2"/>',
    "a namespace that is not declared": b"<x:a/>",
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_too_large_or_too_deep_is_refused_soon(name):
    started = time.process_time()
    with pytest.raises(MalformedError):
        parse_xml(LARGE[name])
    assert time.process_time() - started < SECONDS


MANY = {
    "a hundred thousand elements": b"<a>" + b"<b/>" * 100_000 + b"</a>",
    "ten thousand attributes": b"<a " + b" ".join(b'b%d="1"' % n for n in range(10_000)) + b"/>",
    "ten thousand namespaces": b"<a "
    + b" ".join(b'xmlns:b%d="u"' % n for n in range(10_000))
    + b"/>",
    "a hundred thousand comments": b"<a>" + b"<!---->" * 100_000 + b"</a>",
    "a hundred thousand references": b"<a>" + b"&#97;" * 100_000 + b"</a>",
}


@pytest.mark.parametrize("name", MANY)
def test_many_small_things_take_no_more_than_their_time(name):
    started = time.process_time()
    parse_xml(MANY[name])
    assert time.process_time() - started < SECONDS


WRONG = {
    "declared otherwise than written": '<?xml version="1.0" encoding="UTF-8"?><a>\xe9</a>'.encode(
        "latin-1"
    ),
    "an encoding that is none": b'<?xml version="1.0" encoding="x-none"?><a/>',
    "UTF-8 declared as UTF-16": b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    "UTF-16 without a mark or a declaration": "<a/>".encode("utf-16-le") + b"<",
    "an overlong angle bracket": b"<a>\xc0\xbc</a>",
    "a surrogate": b"<a>\xed\xa0\x80</a>",
    "a reference to a surrogate": b"<a>&#xD800;</a>",
    "a reference to NUL": b"<a>&#0;</a>",
    "a reference beyond Unicode": b"<a>&#x110000;</a>",
    "a reference of many digits": b"<a>&#" + b"9" * 100_000 + b";</a>",
    "a NUL": b"<a>\x00</a>",
    "a control character": b"<a>\x01</a>",
    "a form feed": b"<a>\x0c</a>",
    "XML 1.1": b'<?xml version="1.1"?><a>&#1;</a>',
    "two roots": b"<a/><b/>",
    "text after the root": b"<a/>x",
    "a declaration that comes late": b' <?xml version="1.0"?><a/>',
    "no root": b"<!-- a -->",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_encodings_and_characters_are_refused(name):
    with pytest.raises(MalformedError):
        parse_xml(WRONG[name])


@pytest.mark.parametrize("name", [*ATTACKS, *LARGE, *WRONG])
def test_every_door_to_xml_says_so_in_our_words(name):
    attack = ATTACKS.get(name, "").replace("{url}", "http://127.0.0.1:1").encode()
    document = attack or LARGE.get(name) or WRONG[name]
    with pytest.raises(PithError):
        read_page(document)
    with pytest.raises(PithError):
        check_feed(Request(()), document)


def test_a_text_that_looks_like_an_attack_is_a_text(tmp_path):
    """A paper may be about XML: escaped, as arXiv sends it, its title stays what it is."""
    said = '<!DOCTYPE a [<!ENTITY x "y">]> &x; <![CDATA[ ]]>'
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    root = parse_xml(f"<a>{escaped}</a>".encode())
    assert root.text == said
    assert parse_xml(serialised(root)).text == said
    page = targets(tmp_path)["OAI-PMH pages"].seeds[0]
    title = b"A title of &lt;!DOCTYPE a&gt;"
    changed = page.replace(b"<title>", b"<title>" + title, 1)
    assert changed != page
    assert any(title in record.xml for record in read_page(changed).records)
