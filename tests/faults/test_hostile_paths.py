"""Paths from data never become names of files unchecked.

A stranger's manifest, index, zip file, mirror, bundle or request may name `../` anything; what is
outside of the folder at hand is neither read nor written, and the refusal is in our own words.
"""

import http.client
import json
import shutil
import zipfile
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.mirror import located
from pith_builder.core.number import PithNumber
from pith_builder.disk import Disk
from pith_builder.errors import MalformedError, PithError, UsageError, VerificationError
from pith_builder.lake.history import lake_as_of
from pith_builder.lake.query import connect, parts
from pith_builder.lake.store import Lake, manifest_name, open_lake, read_manifest, write_views
from pith_builder.operations.audit import audit
from pith_builder.operations.export_mirror import Export, export_mirror
from pith_builder.operations.listing import Selection
from pith_builder.operations.maintain import maintain
from pith_builder.signing.key_files import public_path
from tests.graphs import imported_into, mirrored, theirs
from tests.lakes import build, copied, files, forge, lines, pith, signed_anew
from tests.makers import NOW, REGISTRY, SIGNER, changed
from tests.servers import served

ELSEWHERE = (
    "../../../outside.parquet",
    "tables/../../outside.parquet",
    "tables/keys/../../../outside.parquet",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
    "tables/keys/..",
    "tables/keys/.parquet",
    "tables/keys/a.parquet/../../../outside.parquet",
    "tables/keys/a\x00.parquet",
    "tables/keys/a.parquet\n",
    "tables/keys/a.parquet\x00.json",
    "tables/KEYS/a.parquet",
    "tables/keys/A.parquet",
    "tables/keys/a b.parquet",
    "tables/keys/a'b.parquet",
    "tables/keys/*.parquet",
    "tables/keys/\u0661.parquet",
    "tables\\keys\\a.parquet",
    "tables/keys/a.csv",
    "manifests/00000001.json",
    "CURRENT",
    "",
    "~/a.parquet",
    "s3://bucket/a.parquet",
)


@pytest.fixture
def place(lake_of_two, tmp_path):
    """A lake, and beside it a file that nothing may touch or tell of."""
    copied(lake_of_two, tmp_path)
    (tmp_path / "outside.parquet").write_text("secret")
    return tmp_path


@pytest.mark.parametrize("path", ELSEWHERE, ids=ascii)
def test_a_manifest_that_names_a_file_elsewhere_is_no_manifest(place, path):
    """Signed by the lake's own key: the form is checked before any path is made of it."""
    lake = place / "lake"
    value = json.loads((lake / manifest_name(2)).read_bytes())
    value["tables"]["keys"]["parts"][0]["path"] = path
    signed_anew(lake, 2, tables=value["tables"])
    before = files(place)

    for door in (
        lambda: read_manifest(lake, 2),
        lambda: open_lake(lake),
        lambda: connect(lake),
        lambda: parts(lake, "keys"),
        lambda: maintain(lake),
        lambda: lake_as_of(lake, 2),
        lambda: build(lake, lines(1)),
    ):
        with pytest.raises(VerificationError, match="is no manifest"):
            door()
    assert {finding.place for finding in audit(lake, [SIGNER.public_key]).findings} == {
        manifest_name(2)
    }
    assert {name: data for name, data in files(place).items() if name != "lake/.lock"} == {
        name: data for name, data in before.items() if name != "lake/.lock"
    }


@pytest.mark.parametrize("name", ["../keys", "evil", "keys/../records", "", "KEYS"])
def test_a_table_that_is_none_is_no_folder(place, name):
    lake = place / "lake"
    value = json.loads((lake / manifest_name(2)).read_bytes())
    value["tables"][name] = value["tables"]["keys"]
    signed_anew(lake, 2, tables=value["tables"])

    with pytest.raises(VerificationError):
        open_lake(lake)


@pytest.mark.parametrize(
    "text",
    [
        "../manifests/00000001.json\n",
        "manifests/../../x.json\n",
        "/etc/passwd\n",
        "manifests/00000001.json\n\n",
        "manifests/1.json\n",
        "manifests/000000001.json\n",
        "manifests/\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661.json\n",
        "manifests/00000001.json\x00\n",
    ],
    ids=ascii,
)
def test_current_names_manifests_alone(place, text):
    (place / "lake" / "CURRENT").write_text(text)
    with pytest.raises(VerificationError, match="names no manifest"):
        open_lake(place / "lake")


@pytest.mark.parametrize("moment", ["../../x", "/etc/passwd", "1/../2", "", "٢", "00000001-../x"])
def test_a_moment_is_no_path(place, moment):
    with pytest.raises(UsageError):
        lake_as_of(place / "lake", moment)


EVIL = "../../../../outside/"
NUMBERS = (
    f"pith:2018:{EVIL}",
    "pith:2018:../" + "A" * 23,
    "pith:2018:" + "A" * 25 + "/",
    "pith:2018:" + "A" * 25 + "\n",
    "pith:2018:" + "a" * 26,
    "pith:/etc:" + "A" * 26,
)


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
def test_a_number_is_never_a_path(number):
    with pytest.raises(MalformedError):
        PithNumber.parse(number)
    assert not any(located(f"pith/{name}/state.json") for name in (number, number[5:]))


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
def test_a_lake_whose_owner_names_records_by_paths_exports_nothing_elsewhere(place, number):
    """The key holder's own forgery: a mirror of it is refused, or stays in its folder."""
    lake = place / "lake"
    for table in ("records", "bundles", "states"):
        forge(lake, table, lambda held: held[0].update(pith_number=number))
    folder = place / "deep" / "down" / "here" / "mirror"
    export = Export(lake=open_lake(lake), folder=folder, registry=REGISTRY, selection=Selection())
    before = outside(place, folder)

    with suppress(PithError):
        export_mirror(export, 1, lambda _: None)
    assert outside(place, folder) == before


def outside(place, folder):
    return {
        name: data
        for name, data in files(place).items()
        if not (place / name).is_relative_to(folder) and not name.endswith(".lock")
    }


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
def test_a_bundle_that_names_its_record_by_a_path_is_refused(place, number):
    bundle = changed(theirs(), ("pith_number",), number)
    (place / "bundle.json").write_bytes(canonical_json(bundle))
    before = files(place)

    taken = imported_into(place / "lake", place / "bundle.json")

    assert (taken.new, taken.result.committed) == (0, False)
    assert outside(place, place / "none") == {
        name: data for name, data in before.items() if not name.endswith(".lock")
    }


def test_a_mirror_with_odd_names_is_read_within_its_folder(place, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    other = folder / "other"
    build(other, lines(1))
    tree = mirrored(other, folder / "tree")
    (record,) = (tree / "pith").iterdir()
    for name in ("..", "a\nb", "a\u202eb", "%2e%2e", "A" * 200):
        if name != "..":
            shutil.copytree(record, tree / "pith" / name)
    before = files(folder)

    taken = imported_into(place / "lake", tree)

    assert taken.new == 2
    assert files(folder) == before


@pytest.mark.parametrize(
    "member", ["../../../outside.jsonl", "/srv/outside.jsonl", "C:\\outside.json", "a\nb.json"]
)
def test_a_zip_files_members_are_read_and_never_written(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(member, lines(1))
    result = build(tmp_path / "lake", tmp_path / "all.zip")

    assert result.minted == 1
    tops = {name.partition("/")[0] for name in files(tmp_path)}
    assert tops == {"all.zip", "lake"}
    assert audit(tmp_path / "lake", [SIGNER.public_key]).findings == []


@pytest.mark.parametrize("key_id", ["../../outside", "/srv/outside", ".."])
def test_a_key_id_is_no_name_of_a_file(tmp_path, key_id):
    path = tmp_path / "keys" / "key.json"
    settings = {"PITH_SIGNING_KEY_FILE": path, "PITH_LAKE": tmp_path / "lake"}
    pith("keys", "new", "--key-id", key_id, **settings)
    pith("keys", "rotate", "--key-id", f"{key_id}-2", **settings)

    for name in files(tmp_path):
        assert name.startswith(("keys/", "lake/")), name
    assert {path, public_path(path)} <= set((tmp_path / "keys").iterdir()) or not path.exists()


ASKED = (
    "/../../../../etc/passwd",
    "/pith/../../CURRENT",
    "/pith/../CURRENT",
    "/./CURRENT",
    "//CURRENT",
    "/CURRENT",
    "/pith.sql",
    "/manifests/00000001.json",
    "/tables/keys/",
    "/.lock",
    "/pith/..%2f..%2fCURRENT",
    "/pith/%2e%2e/%2e%2e/CURRENT",
    "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/pith/%00",
    "/pith/AAAAAAAAAAAAAAAAAAAAAAAAAA%00/state.json",
    "/pith/AAAAAAAAAAAAAAAAAAAAAAAAAA%0a/state.json",
    "/pith/..\\..\\CURRENT",
    "/pith/" + "A" * 5_000,
    "/browse/../CURRENT",
    "/browse/..%2f..%2fCURRENT",
    "/browse/2007-04.html/../../CURRENT",
    "/schemas/../../CURRENT",
    "/.well-known/pith/../../CURRENT",
    "/api/pith-number/../../../CURRENT/graph.json",
    "/api/pith-number/resolve?ref=../../CURRENT",
    "/api/pith-number/resolve?arxiv=..%2f..%2fetc%2fpasswd",
    "/api/pith-number/resolve?doi=10.48550/arxiv.../x",
    "/api/pith-number/resolve?pith=%00",
    "/pn/..%2fCURRENT",
    "/static/../../../etc/passwd",
    "http://127.0.0.1:1/x",
    "/%ff%fe",
    "/\xe9",
)


@pytest.fixture(scope="module")
def server(lake_of_two):
    with served(lake_of_two) as (url, _):
        yield urlsplit(url)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: ascii(path)[:60])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_server_gives_what_a_mirror_has_and_no_file(server, path, method):
    """Asked as it stands, without a client that tidies the path."""
    client = http.client.HTTPConnection(server.hostname, server.port, timeout=30)
    client._encode_request = lambda line: line.encode("latin-1")
    client._validate_path = lambda _: None
    client.putrequest(method, path, skip_accept_encoding=True)
    client.endheaders()
    answer = client.getresponse()
    body = answer.read()
    client.close()

    assert answer.status in (400, 404), (answer.status, body[:200])
    assert b"manifests/00000002.json\n" not in body  # what CURRENT says
    assert b"pith_lake_manifest" not in body
    assert b"set variable pith_lake" not in body
    assert b"root:" not in body
    assert b"Traceback" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "COPY"])
def test_a_server_takes_nothing(server, method, lake_of_two):
    before = files(lake_of_two)
    client = http.client.HTTPConnection(server.hostname, server.port, timeout=30)
    client.request(method, "/pith-mirrors.json", body=b"x" * 1000)
    assert client.getresponse().status == 405
    client.close()
    assert files(lake_of_two) == before


def test_the_views_of_a_lake_in_a_folder_of_any_name_are_quoted(lake_of_two, tmp_path):
    folder = tmp_path / "it's a; drop view records; --\u2028\" lake"
    folder.mkdir()
    lake = copied(lake_of_two, folder)
    write_views(Disk(), Lake(lake, open_lake(lake).manifest))

    report = audit(lake, [SIGNER.public_key])
    assert (report.findings, report.notes) == ([], [])
    with connect(lake) as connection:
        assert connection.execute("select count(*) from records").fetchone() == (5,)
    assert build(lake, lines(1, first=50), now=NOW).committed
