"""`pith report`: one page, whole or absent."""

import json

from tests.lakes import files, pith
from tests.makers import NOW_SECONDS, SIGNER


def test_a_report_is_written_and_told(lake_of_two, tmp_path):
    key = tmp_path / "ours.json"
    key.write_text(json.dumps(SIGNER.public_key.to_json_object()))
    place = tmp_path / "lake.html"
    run = pith("report", "--lake", lake_of_two, "--out", place, "--trust", key)
    told = pith("report", "--lake", lake_of_two, "--out", place, "--audit", "none", "--json")

    assert (run.code, run.out, run.err) == (
        0,
        f"wrote {place}: 4 papers, manifest 2, it holds\n",
        "",
    )
    page = place.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Not audited." in page
    assert told.json() == {"bytes": len(page.encode()), "findings": None, "out": str(place)}


def test_the_same_lake_at_the_same_instant_makes_the_same_page(lake_of_two, tmp_path):
    for name in ("one", "two"):
        place = tmp_path / name
        run = pith("report", "--lake", lake_of_two, "--out", place, "--now", NOW_SECONDS)
        assert run.code == 0

    assert len(set(files(tmp_path).values())) == 1


def test_without_a_lake_no_page_is_written(tmp_path):
    run = pith("report", "--lake", tmp_path / "none", "--out", tmp_path / "report.html")

    assert (run.code, run.out) == (2, "")
    assert "there is no lake" in run.err
    assert files(tmp_path) == {}


def test_a_folder_that_takes_no_file_is_told(lake_of_two, tmp_path):
    run = pith("report", "--lake", lake_of_two, "--out", tmp_path / "no" / "report.html")

    assert run.code == 7
    assert "Traceback" not in run.err
