"""What helps with the command line itself: the overview, versions, completion in the shell."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import get_completion_class

from pith_builder.console import json_option, print_json
from pith_builder.errors import UsageError

SECTIONS = {
    "Fill": {
        "build": "Mint what is new in files of arXiv's bulk snapshot.",
        "nightly": "Harvest what arXiv has changed since the last day read.",
        "backfill": "Harvest a category, month by month.",
        "gaps": "List the days that no window covers.",
    },
    "Ask": {
        "sql": "Ask the lake in SQL.",
        "resolve": "Find the record that a name stands for.",
        "show": "Print a record as one of its documents, or cite it.",
        "report": "Draw the lake on one page.",
    },
    "Check": {
        "verify": "Verify bundles and other documents.",
        "audit": "Verify a whole lake, or compare it with arXiv.",
        "prove": "Prove that a record is in the lake.",
    },
    "Share": {
        "export": "Write a lake out: a mirror, or plain tables.",
        "serve": "Serve the lake as a mirror, on this machine.",
        "merge": "Merge bundles and events to the states of their records.",
        "import": "Import a mirror, or published documents.",
        "attest": "State something of a record.",
    },
    "Care": {
        "keys": "Make, rotate, revoke and show signing keys.",
        "reissue": "Sign receipts and bundles again with a new key.",
        "maintain": "Sweep leftovers, join small parts.",
        "doctor": "Check everything, and say what to do.",
    },
}
"""The commands in the order of use, each in a line; the overview fits a screen of 80 by 24."""

_SHELLS = ("bash", "zsh", "fish")


class CommandsInOrder(click.Group):
    """A group whose help shows its commands in the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use, those of no section last."""
        del ctx
        listed = [name for section in SECTIONS.values() for name in section]
        return [
            *(name for name in listed if name in self.commands),
            *sorted(name for name in self.commands if name not in listed),
        ]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage with the options, of which there are two."""
        formatter.write_usage(ctx.command_path, "[--version] [-h] COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a section's name before its first."""
        del ctx
        formatter.write_paragraph()
        for section, commands in SECTIONS.items():
            before = section
            for name, about in commands.items():
                if name in self.commands and not self.commands[name].hidden:
                    formatter.write(f"{before:7}{name:10}{about}\n")
                    before = ""


def show_versions(context: click.Context, _option: click.Parameter, wanted: Any) -> None:
    """Print the versions of builder, formats and libraries, and end."""
    if not wanted or context.resilient_parsing:
        return
    from pith_builder.operations import installation

    formats = installation.formats()
    merge = formats.pop("merge")
    libraries = ", ".join(
        f"{name} {number or 'missing'}" for name, number in installation.libraries().items()
    )
    click.echo(f"pith, version {installation.builder_version()}")
    said = ", ".join(f"{name} {number}" for name, number in formats.items())
    click.echo(f"formats: {said}; merge {merge}")
    said = f"libraries: Python {installation.python_version()}, {libraries}"
    click.echo(click.wrap_text(said, 80, subsequent_indent="  "))
    context.exit()


@click.command(hidden=True)
@click.argument("shell", type=click.Choice(_SHELLS))
@json_option
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> None:
    """Print the script that completes commands, options and names of the lake in a shell.

    For every new shell, put `eval "$(pith completion bash)"` into ~/.bashrc, or the same of zsh
    into ~/.zshrc; for fish, `pith completion fish > ~/.config/fish/completions/pith.fish`.

    \b
    pith completion bash
    """
    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"no completion is known for {shell}: take one of {', '.join(_SHELLS)}")
    script = found(context.find_root().command, {}, "pith", "_PITH_COMPLETE").source()
    if as_json:
        print_json({"script": script, "shell": shell})
    else:
        click.echo(script)
