import json
import subprocess
import sys

import pytest

from tests.lakes import COLLIDING, bare_environment, build, content_roots, files, line, pith, rows

NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"


def exported(lake, folder, *options, **settings):
    run = pith("export", "mirror", folder, "--lake", lake, *options, **settings)
    assert (run.code, run.err) == (0, ""), run.err
    return run


def test_a_mirror_is_exported_and_what_it_holds_is_verified(sample_lake, tmp_path, key_file):
    folder = tmp_path / "public"
    run = exported(sample_lake, folder, "--ids", NUMBER, PITH_BASE_URL="https://pith.example.org")

    assert run.out.startswith("1 records: ")
    assert run.out.endswith(" files written, 0 unchanged, 0 removed\n")
    verified = pith(
        "verify",
        folder / "pith" / NUMBER[10:] / "bundle.json",
        folder / "pith" / f"{NUMBER[10:]}.json",
        folder / "pith" / NUMBER[10:] / "state.json",
        folder / "pith-signing-key.json",
        "--trust",
        folder / "pith-signing-key.json",
        PITH_SIGNING_KEY_FILE=key_file,
    )
    assert verified.code == 0, verified.out
    record = json.loads((folder / "pith" / f"{NUMBER[10:]}.json").read_bytes())
    assert record["links"]["html"] == f"https://pith.example.org/pith/{NUMBER[10:]}"
    assert record["schema_url"].startswith("https://pith.example.org/schemas/")


def test_files_are_counted_for_machines(lake_of_two, tmp_path):
    first = exported(lake_of_two, tmp_path / "m", "--json", "--workers", "1").json()
    again = exported(lake_of_two, tmp_path / "m", "--json").json()
    less = exported(lake_of_two, tmp_path / "m", "--json", "--category", "math.GT").json()

    count = len(files(tmp_path / "m")) - 1  # the lock
    assert (first["records"], first["unchanged"], first["removed"]) == (5, 0, 0)
    assert again == {"records": 5, "written": 0, "unchanged": first["written"], "removed": 0}
    assert less["records"] == 1
    assert less["written"] + less["unchanged"] == count
    assert less["removed"] == first["written"] - count


def test_names_come_from_a_file(lake_of_two, tmp_path):
    names = tmp_path / "names.txt"
    named = [row["pith_number"] for row in rows(lake_of_two, "records")][:2]
    names.write_text("\n".join([named[0], "", f"  {named[1]}  "]) + "\n")
    run = exported(lake_of_two, tmp_path / "m", "--ids", names, "--json", "--gzip")

    assert run.json()["records"] == 2
    found = files(tmp_path / "m")
    assert len([name for name in found if name.endswith("/bundle.json.gz")]) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--category", "cs.LG", "--ids", NUMBER], "do not go together"),
        (["--ids", ","], "names no record"),
        (["--ids", "0704.9999"], "no record of this lake is named '0704.9999'"),
        (["--ids", "what is this"], "not a name of a record"),
        (["--workers", "0"], "--workers"),
        (["--lake", "/no/such/lake"], "there is no lake"),
    ],
    ids=str,
)
def test_a_call_that_cannot_be_done_is_told(lake_of_two, tmp_path, options, said):
    run = pith("export", "mirror", tmp_path / "m", "--lake", lake_of_two, *options)

    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert "Traceback" not in run.err
    assert not (tmp_path / "m").exists()


def test_a_folder_of_something_else_is_refused(lake_of_two, tmp_path):
    for folder in (lake_of_two, tmp_path):
        (tmp_path / "mine.txt").write_text("x")
        run = pith("export", "mirror", folder, "--lake", lake_of_two)
        assert run.code == 2
        assert "something else than a mirror" in run.err


def test_a_name_of_several_records_is_told(tmp_path):
    build(tmp_path / "lake", b"".join(line(title=title) + b"\n" for title in COLLIDING))
    run = pith("export", "mirror", tmp_path / "m", "--ids", "TTUFGUGA", "--lake", tmp_path / "lake")

    assert run.code == 2
    assert "stands for 2 records" in run.err
    assert "name one of them" in run.err


def test_a_folder_that_takes_no_files_is_told(lake_of_two):
    run = pith("export", "mirror", "/proc/mirror", "--lake", lake_of_two)

    assert run.code == 7
    assert "cannot write" in run.err
    assert "Traceback" not in run.err


def test_a_server_that_is_not_installed_is_told(lake_of_two):
    without = "import sys; sys.modules['uvicorn'] = None; from pith_builder.cli import main; main()"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", without, "serve", "--lake", str(lake_of_two)],
        capture_output=True,
        text=True,
        env=bare_environment(),
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "uvicorn is missing: pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dump_is_exported_verified_by_a_stranger_and_brought_up_to_date(
    lake_of_two, tmp_path, key_file
):
    def run(*arguments):
        done = pith(*arguments, "--trust", tmp_path / "trusted", PITH_SIGNING_KEY_FILE=key_file)
        assert done.code == 0, done.err
        return done.out

    def export(folder, *options):
        lake = ("--lake", lake_of_two, "--now", "2026-11-26T00:00:00Z")
        return pith("export", "parquet", folder, *lake, *options, PITH_SIGNING_KEY_FILE=key_file)

    whole = export(tmp_path / "dump", "--as-of", "1")
    diff = export(tmp_path / "diff", "--since", "00000001-20261120T141709Z", "--json").json()
    (tmp_path / "dump" / "keys").rename(tmp_path / "trusted")

    assert whole.out.startswith("4 records: 7 files, ")
    assert diff["records"] == 1
    assert run("audit", tmp_path / "dump").startswith("ok: manifest 1, 1 manifests, 7 files; ")
    assert run("audit", tmp_path / "diff").startswith("ok: manifest 1, ")
    taken = run("import", tmp_path / "diff", "--lake", tmp_path / "dump")
    assert "1 records: 1 added, 0 changed, 0 unchanged, 0 rejected" in taken
    assert content_roots(tmp_path / "dump") == content_roots(lake_of_two)
    assert run("audit", tmp_path / "dump").startswith("ok: manifest 2, ")
    nothing = export(tmp_path / "none", "--since", "2")
    assert (nothing.code, nothing.out) == (0, "no such records, nothing written\n")
    again = export(tmp_path / "dump")
    assert (again.code, again.err.count("\n")) == (2, 1)
    both = pith("audit", tmp_path / "dump", "--lake", tmp_path / "dump")
    assert both.code == 2
