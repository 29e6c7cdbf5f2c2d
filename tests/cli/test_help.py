import re

import click
import pytest
from click.testing import CliRunner

from pith_builder.cli import pith


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


def test_the_version_is_told():
    result = CliRunner().invoke(pith, ["--version"], prog_name="pith")

    assert re.fullmatch(r"pith, version \d+\.\d+\.\d+\S*\n", result.output)
