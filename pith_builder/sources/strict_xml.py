"""XML from a stranger: read whole or not at all; no entity, no network, no document type."""

from __future__ import annotations

from lxml import etree

from pith_builder.errors import MalformedError

_DOCTYPE = b"<!DOCTYPE"


def parse_xml(document: bytes) -> etree._Element:
    """Parse a document up to its closing tag.

    A document type is refused before parsing, and again after it, should another encoding have
    hidden it: entities, hence their bombs, can be declared nowhere else.

    Raises:
        MalformedError: It is no whole XML document, or declares a document type.
    """
    if not document.strip():
        raise MalformedError("the answer is empty")
    if _DOCTYPE.lower() in document[:1000].lower() or _DOCTYPE in document:
        kind = "an HTML page" if b"<html" in document[:1000].lower() else "a document type"
        raise MalformedError(f"found {kind}, wanted plain XML: it begins {document[:60]!r}")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.LxmlError, ValueError) as error:
        raise MalformedError(
            f"not a whole XML document ({error}): it begins {document[:60]!r}"
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedError("found a document type, wanted plain XML")
    return root


def elements(parent: etree._Element) -> list[etree._Element]:
    """Return the child elements; comments and processing instructions are none."""
    return list(parent.iterchildren("*"))


def leaf_text(element: etree._Element) -> str:
    """Return an element's text as it stands.

    Raises:
        MalformedError: It has children, so that its text is not all there is in it.
    """
    if len(element):
        raise MalformedError(f"<{local_name(element)}> holds more than text")
    return element.text or ""


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def serialised(element: etree._Element) -> bytes:
    """Write an element with all it holds as UTF-8; reading it again gives the same text."""
    return etree.tostring(element, encoding="UTF-8", with_tail=False)
