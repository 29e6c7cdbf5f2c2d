"""`pith serve` over real HTTP on loopback."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from jsonschema import Draft202012Validator

from pith_builder.core.canonical import sha256_hex
from pith_builder.core.mirror import MirrorFile
from pith_builder.lake.store import open_lake
from pith_builder.operations.export_mirror import Export, export_mirror
from pith_builder.operations.listing import Selection
from pith_builder.settings import Settings
from tests.lakes import (
    AWKWARD,
    COLLIDING,
    LATER,
    THIRD_PAPER_AGAIN,
    build,
    files,
    forge,
    line,
    pith,
    rows,
)
from tests.servers import served

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RESOLVE = "api/pith-number/resolve"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Four papers, and two whose short forms collide."""
    place = tmp_path_factory.mktemp("served") / "lake"
    pair = b"".join(line(title=title) + b"\n" for title in COLLIDING)
    build(place, AWKWARD + pair)
    return place


@pytest.fixture(scope="module")
def client(lake):
    with served(lake) as (url, _), httpx.Client(base_url=url, timeout=30) as opened:
        yield opened


@pytest.fixture(scope="module")
def suffix(lake):
    return next(
        row["pith_number"][10:] for row in rows(lake, "records") if row["arxiv_id"] == "0704.0002"
    )


def asked(client, path, accept="*/*", **headers):
    return client.get(path, headers={"Accept": accept, **headers})


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert {"type", "title", "status", "detail"} <= set(found)
    assert found["status"] == answer.status_code
    return found


def test_it_serves_the_very_files_of_the_static_tree(lake, client, tmp_path):
    opened = open_lake(lake)
    registry = Settings.of({}).registry
    export = Export(lake=opened, folder=tmp_path, registry=registry, selection=Selection())
    export_mirror(export, 1, lambda _: None)
    tree = {name: data for name, data in files(tmp_path).items() if name != ".lock"}
    assert len(tree) > 6 * len(MirrorFile)
    for name, data in tree.items():
        answer = asked(client, f"/{name}")
        assert answer.status_code == 200, name
        if name != "index.html":  # which a server adds a form to
            assert answer.content == data, name


def test_every_answer_has_the_tag_of_its_bytes_and_is_sent_once(client, suffix):
    for path in (f"/pith/{suffix}.json", f"/pith/{suffix}/bundle.json", "/", "/assets/pith.css"):
        answer = asked(client, path)
        tag = answer.headers["etag"]
        assert tag == f'"{sha256_hex(answer.content)}"'
        again = asked(client, path, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        other = asked(client, path, **{"If-None-Match": '"another"'})
        assert (other.status_code, other.content) == (200, answer.content)


def test_the_head_of_an_answer_is_that_of_the_whole(client, suffix):
    for path in ("/", f"/pith/{suffix}/state.json", f"/pith/{suffix}/", "/nowhere"):
        whole, head = client.get(path), client.head(path)
        kept = ("etag", "content-type", "content-length", "vary", "cache-control")
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert [head.headers.get(name) for name in kept] == [
            whole.headers.get(name) for name in kept
        ]


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("accept", ["application/json", "application/ld+json"])
def test_machines_are_given_the_record(client, suffix, end, accept):
    answer = asked(client, f"/pith/{suffix}{end}", accept)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == accept
    assert answer.headers["vary"] == "Accept"
    assert answer.content == asked(client, f"/pith/{suffix}.json").content


def test_people_are_given_the_page(client, suffix):
    moved = asked(client, f"/pith/{suffix}", BROWSER)
    assert (moved.status_code, moved.headers["location"]) == (303, f"/pith/{suffix}/")
    page = asked(client, f"/pith/{suffix}/", BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    assert "Another paper" in page.text
    assert page.content == asked(client, f"/pith/{suffix}/index.html").content


def test_the_front_is_the_index_for_people_and_the_manifest_for_machines(client):
    page, manifest = asked(client, "/", BROWSER), asked(client, "/", "application/json")

    assert page.content == asked(client, "/index.html").content
    assert manifest.content == asked(client, "/pith-mirrors.json").content
    assert page.headers["vary"] == manifest.headers["vary"] == "Accept"


def test_answers_are_guarded(client, suffix):
    for path in ("/", f"/pith/{suffix}.json", "/nowhere"):
        headers = asked(client, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_a_record_is_found_by_each_of_its_names(client, suffix):
    for kind, name in {
        "arxiv": "0704.0002",
        "ref": "arXiv:0704.0002v2",
        "doi": "10.48550/arXiv.0704.0002",
        "short": suffix[:12],
        "pith": f"pith:2007:{suffix}",
    }.items():
        answer = client.get(RESOLVE, params={kind: name})
        assert answer.status_code == 200, answer.text
        found = answer.json()["record"]
        assert found["pith_number"] == f"pith:2007:{suffix}"
        assert found["links"]["json"] == f"http://localhost:8000/pith/{suffix}.json"


def test_the_address_that_record_documents_give_for_looking_up_answers(client, suffix):
    action = client.get(f"/pith/{suffix}.json").json()["agent_actions"]["resolve_alias"]
    path = action.removeprefix("http://localhost:8000")
    answer = asked(client, path, BROWSER)

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["record"]["pith_number"] == f"pith:2007:{suffix}"


def test_looking_up_leads_people_to_the_page(client, suffix):
    answer = client.get(RESOLVE, params={"ref": "0704.0002"}, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/pith/{suffix}/")


@pytest.mark.parametrize("place", ["/pith/{}", "/paper/{}"])
def test_a_short_form_leads_to_the_record(client, suffix, place):
    for name in (suffix[:8], suffix[:8].lower()):
        answer = client.get(place.format(name))
        assert (answer.status_code, answer.headers["location"]) == (303, f"/pith/{suffix}")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/pith/AAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/pith/AAAAAAAAAAAAAAAAAAAAAAAAAA.json",
        "/pith/AAAAAAAAAAAAAAAAAAAAAAAAAA/bundle.json",
        "/pith/no-name",
        "/paper/AAAAAAAA",
        "/browse/1999-01.html",
        "/assets/../../CURRENT",
        "/..%2f..%2fCURRENT",
        "/CURRENT",
        "/manifests/00000001.json",
        f"/{RESOLVE}?arxiv=0704.9999",
    ],
)
def test_what_is_not_there_is_told(client, path):
    answer = asked(client, path)

    assert answer.status_code == 404
    assert problem(answer)["title"] == "Not Found"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?nonsense=1",
        "?arxiv=0704.0002&doi=10.48550/arXiv.0704.0002",
        "?arxiv=nonsense",
        "?doi=10.1000/182",
        "?short=ABC",
        "?pith=0704.0002",
        "?arxiv=AAAAAAAA",
        "?ref=%3Cscript%3E",
        "?ref=",
    ],
)
def test_nonsense_is_told_to_be_so(client, query):
    answer = asked(client, f"/{RESOLVE}{query}")

    assert answer.status_code == 400
    assert problem(answer)["detail"]


def test_an_ambiguous_name_comes_with_its_candidates(client):
    for path in (f"/{RESOLVE}?short=TTUFGUGA", "/pith/TTUFGUGA"):
        answer = asked(client, path)
        assert answer.status_code == 409
        found = problem(answer)
        assert {candidate["title"] for candidate in found["candidates"]} == set(COLLIDING)
    page = asked(client, "/pith/TTUFGUGA", BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert all(title in page.text for title in COLLIDING)


def test_people_are_told_on_a_page(client):
    page = asked(client, "/%3Cscript%3E", BROWSER)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "&lt;script&gt;" in page.text
    assert page.text.count("<script") == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client, method):
    answer = client.request(method, "/")

    assert answer.status_code == 405
    assert problem(answer)["title"] == "Method Not Allowed"
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_served_schemas_validate_served_documents(client, suffix):
    record = client.get(f"/pith/{suffix}.json").json()
    path = record["schema_url"].removeprefix("http://localhost:8000")
    Draft202012Validator(client.get(path).json()).validate(record)


def test_many_ask_at_once(client, suffix):
    path = f"/pith/{suffix}/bundle.json"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(path), range(40)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_a_commit_while_serving_shows(tmp_path):
    lake = tmp_path / "lake"
    build(lake, AWKWARD)
    with served(lake) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        before = client.get(RESOLVE, params={"arxiv": "0704.0003"}).json()
        index = client.get("/")
        build(lake, THIRD_PAPER_AGAIN, now=LATER)
        after = client.get(RESOLVE, params={"arxiv": "0704.0003"}).json()
        changed = client.get("/", headers={"If-None-Match": index.headers["etag"]})

        assert before["others"] == []
        assert [other["pith_number"] for other in after["others"]] == [
            before["record"]["pith_number"]
        ]
        assert changed.status_code == 200
        suffix = after["record"]["pith_number"][10:]
        assert client.get(f"/pith/{suffix}/bundle.json").status_code == 200


def test_damage_is_told_and_does_not_end_it(tmp_path):
    lake = tmp_path / "lake"
    build(lake, AWKWARD)
    suffix = rows(lake, "records")[0]["pith_number"][10:]

    def change(changed):
        changed[0]["document"] = changed[0]["document"].replace('"1.0"', '"1.1"', 1)

    forge(lake, "bundles", change)
    with served(lake) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        answer = client.get(f"/pith/{suffix}/bundle.json")
        assert answer.status_code == 500
        assert "pith audit" in problem(answer)["detail"]
        assert client.get("/pith-mirrors.json").status_code == 200
        (lake / "CURRENT").unlink()
        assert client.get("/pith-mirrors.json").status_code == 500


def test_it_ends_when_interrupted(lake):
    with served(lake) as (url, process):
        assert httpx.get(url).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_others_cannot_reach_it_unless_it_is_allowed(lake, host):
    run = pith("serve", "--host", host, "--port", "0", "--lake", lake)

    assert (run.code, run.out) == (2, "")
    assert "can be reached from other machines" in run.err
    assert "--allow-remote" in run.err


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_it_listens_wherever_this_machine_alone_can_reach_it(lake, host):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with served(lake, "--host", host) as (url, _):
        assert httpx.get(url).status_code == 200


def test_allowing_it_warns(lake):
    with served(lake, "--allow-remote") as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(url).status_code == 200
        process.send_signal(signal.SIGINT)
        assert "knows neither TLS nor passwords" in process.stderr.read()


def test_a_port_that_is_taken_is_told(lake):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = pith("serve", "--port", port, "--lake", lake)

    assert (run.code, run.out) == (2, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in run.err


def test_a_lake_that_is_not_there_is_told_at_once(tmp_path):
    run = pith("serve", "--lake", tmp_path / "none")

    assert run.code == 2
    assert "there is no lake" in run.err
