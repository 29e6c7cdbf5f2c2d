"""nanopub: a nanopublication of each paper, made and signed with a local RSA key on all cores.

Nothing is published or sent anywhere.
"""

import os
from functools import partial
from itertools import islice
from multiprocessing import get_context

from nanopub import Nanopub, NanopubConf, Profile
from rdflib import DCTERMS, Graph, Literal, URIRef

from tests.bench.rivals.plain import identified

ORCID = "https://orcid.org/0000-0000-0000-0000"
PAPERS = 200


def ready(source, folder):
    """Return the work: two hundred nanopublications, written to files."""
    profile = Profile(ORCID, "Benchmark")
    cores = len(os.sched_getaffinity(0))

    def work():
        with source.open("rb") as lines, get_context("fork").Pool(cores) as pool:
            papers = enumerate(islice(lines, PAPERS))
            return sum(pool.imap_unordered(partial(_published, profile, folder), papers))

    return work


def _published(profile, folder, numbered):
    """Make, sign and store one nanopublication; return 1."""
    number, line = numbered
    paper = identified(line)
    subject = URIRef(f"https://arxiv.org/abs/{paper['arxiv_id']}")
    assertion = Graph()
    for predicate, name in (
        (DCTERMS.identifier, "pith_number"),
        (DCTERMS.title, "title"),
        (DCTERMS.creator, "authors"),
        (DCTERMS.abstract, "abstract"),
        (DCTERMS.subject, "categories"),
        (DCTERMS.hasVersion, "canonical_sha256"),
    ):
        assertion.add((subject, predicate, Literal(paper[name])))
    conf = NanopubConf(
        profile=profile,
        add_prov_generated_time=True,
        add_pubinfo_generated_time=True,
        attribute_assertion_to_profile=True,
        attribute_publication_to_profile=True,
    )
    made = Nanopub(assertion=assertion, conf=conf)
    made.sign()
    made.store(folder / f"{number}.trig")
    return 1
