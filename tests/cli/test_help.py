import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pith_builder.cli import pith
from tests.lakes import bare_environment


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = sorted(commands(pith))


def helped(*arguments):
    result = CliRunner().invoke(pith, [*arguments, "--help"], prog_name="pith")
    assert result.exit_code == 0
    return result.output


def examples(text):
    """Return the lines of the last paragraph before the options."""
    paragraph = text.split("Options:")[0].rstrip().split("\n\n")[-1]
    return [line.strip() for line in paragraph.splitlines()]


def test_the_commands_of_the_design_are_there():
    wanted = {"build", "resolve", "show", "verify", "audit", "sql", "maintain"}
    assert {path[0] for path in COMMANDS} > wanted
    assert {("keys", "new"), ("keys", "list"), ("keys", "show")} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_begins_with_a_sentence_and_has_a_line_to_paste(path):
    text = helped(*path)
    usage, sentence, *_ = [line.strip() for line in text.splitlines() if line.strip()]

    assert usage.startswith(f"Usage: pith {' '.join(path)}")
    assert re.match(r"[A-Z].*", sentence)
    assert examples(text)
    for example in examples(text):
        assert re.fullmatch(rf"(?:[A-Z_]+=\S+ )*pith {' '.join(path)}\b.*", example)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_line_to_paste_names_options_that_there_are(path):
    text = helped(*path)

    for option in re.findall(r"--[a-z0-9-]+", " ".join(examples(text))):
        assert re.search(rf"^ +(-\w, )?{option}\b", text.split("Options:")[1], re.MULTILINE)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_described(path):
    command = pith
    for name in path:
        command = command.commands[name]

    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


@pytest.mark.parametrize("path", [(), ("keys",), *COMMANDS], ids=" ".join)
def test_help_is_short_for_h(path):
    result = CliRunner().invoke(pith, [*path, "-h"], prog_name="pith")

    assert (result.exit_code, result.output) == (0, helped(*path))


def test_every_command_answers_in_json():
    for path in COMMANDS:
        assert "--json" in helped(*path), path


def test_the_overview_fits_a_screen():
    lines = helped().splitlines()

    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_the_overview_lists_every_command_that_is_not_hidden():
    listed = [line[7:17].strip() for line in helped().splitlines()[4:]]
    open_to_all = [name for name, command in pith.commands.items() if not command.hidden]

    assert sorted(listed) == sorted(open_to_all)
    assert set(pith.commands) - set(open_to_all) == {"completion"}


def test_the_versions_of_builder_formats_and_libraries_are_told():
    result = CliRunner().invoke(pith, ["--version"], prog_name="pith")
    first, formats, *libraries = result.output.splitlines()

    assert re.fullmatch(r"pith, version \d+\.\d+\.\d+\S*", first)
    assert formats == (
        "formats: record 1.0, receipt 0.3, bundle 1.0, state 1.0, lake 1.0; "
        "merge pith-open-graph-merge-v1"
    )
    told = " ".join(" ".join(libraries).split())
    for name in ("Python", "pyarrow", "duckdb", "pynacl"):
        assert re.search(rf"\b{name} \d+\.\d+", told)
    assert "pytest" not in told


def test_the_version_is_told_without_the_libraries():
    code = (
        "import sys; from pith_builder.cli import pith\n"
        "try: pith(['--version'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'duckdb', 'pyarrow', 'numpy', 'lxml', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


COMPLETED = """
source <(pith completion bash)
COMP_WORDS=(%s) COMP_CWORD=%d
_pith_completion pith
printf '%%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["pith", "bac"], ["backfill"]),
        (["pith", "keys", "n"], ["new"]),
        (["pith", "audit", "--roo"], ["--roots"]),
        (["pith", "sql", "--describe", "by_y"], ["by_year"]),
        (["pith", "show", "1804.01852", "--as", "bun"], ["bundle"]),
    ],
)
def test_bash_completes(typed, offered, sample_lake):
    words = " ".join(typed)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/bash", "--norc", "-c", COMPLETED % (words, len(typed) - 1)],
        capture_output=True,
        text=True,
        env=bare_environment(PATH=path, PITH_LAKE=sample_lake),
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == (offered, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_pith(shell):
    result = CliRunner().invoke(pith, ["completion", shell], prog_name="pith")

    assert result.exit_code == 0
    assert f"_PITH_COMPLETE={shell}_complete" in result.output
