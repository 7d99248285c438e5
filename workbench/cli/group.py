"""The `romebench` command as click has it: every registry command, made when it is asked for.

The help screen is drawn from the registry's index and imports no command.
"""

from __future__ import annotations

import click

from ... import __version__
from ...errors import ExitCode
from ..commands.common import SETTINGS, VALUED, common_params, session_option
from ..commands.registry import ENTRIES, GROUPS, Entry, load, unknown
from .fronts import COMPLETION, OWN_WORDS, Front

_ABOUT = """A terminal workbench for rank-one model editing (ROME) of language models.

Without a command the workbench itself starts, full screen.
"""

EXIT_CODES = {
    ExitCode.OK: "done",
    ExitCode.EDIT_FAILED: "an edit failed, or a defect",
    ExitCode.USAGE: "wrong usage or bad input",
    ExitCode.MODEL: "the model can't be loaded, or isn't the recorded one",
    ExitCode.STORE: "the store can't be opened, read or written",
    ExitCode.OUT_OF_MEMORY: "out of memory",
    ExitCode.INTERRUPTED: "interrupted",
}


class CommandGroup(click.Group):
    """Several commands with one first word, "sessions list" and its like."""

    def __init__(self, name: str, members: tuple[Entry, ...]) -> None:
        super().__init__(
            name,
            help=f"Commands on {name}; alone, `romebench {name}` lists.",
            invoke_without_command=True,
            context_settings=SETTINGS,
        )
        self.members = {member.name.split()[1]: member for member in members}
        self.default = next((m.name.split()[1] for m in members if name in m.aliases), None)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The second words, in the registry's order."""
        return list(self.members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a second word."""
        member = self.members.get(cmd_name)
        return None if member is None else _click_command(member)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `sessions --json` as `sessions list --json`."""
        if self.default and (not args or (args[0].startswith("-") and args[0] not in _HELP)):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown name is answered with the names there are."""
        _known(ctx, self, f"{self.name} {args[0]}", args[0])
        return super().resolve_command(ctx, args)


_HELP = ("-h", "--help")


class Romebench(click.Group):
    """The whole program."""

    def __init__(self) -> None:
        super().__init__(
            "romebench",
            help=_ABOUT,
            invoke_without_command=True,
            params=[_spec_option(), session_option(), *common_params()],
            context_settings=SETTINGS,
        )
        click.version_option(__version__, "--version", "-V", message="romebench %(version)s")(self)
        self.singles = {each.name: each for each in ENTRIES if " " not in each.name}
        self.families: dict[str, tuple[Entry, ...]] = {}
        for each in ENTRIES:
            first, space, _ = each.name.partition(" ")
            if space:
                self.families[first] = (*self.families.get(first, ()), each)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every first word."""
        return [*OWN_WORDS, *self.singles, *self.families]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command or group of a first word."""
        if cmd_name in self.singles:
            return _click_command(self.singles[cmd_name])
        if cmd_name in self.families:
            return CommandGroup(cmd_name, self.families[cmd_name])
        if cmd_name == COMPLETION:
            from .shells import completion_command

            return completion_command()
        if cmd_name not in set(Front):
            return None
        from .start import front_command

        return front_command(Front(cmd_name))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Start the TUI where no command is named; options before a command are common ones."""
        before = self._common(ctx, args)
        answered = {"--version", "-V", "--spec", *_HELP} & set(args[:before])
        if not answered and (before == len(args) or args[before].startswith("-")):
            args = [*args[:before], Front.TUI.value, *args[before:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but an unknown name is answered with the nearest ones."""
        _known(ctx, self, args[0], args[0])
        return super().resolve_command(ctx, args)

    def _common(self, ctx: click.Context, args: list[str]) -> int:
        """How many words at the start are options that every command takes, with their values."""
        own = {flag for param in self.get_params(ctx) for flag in param.opts}
        at = 0
        while at < len(args) and args[at] in own:
            at += 2 if args[at] in VALUED else 1
        return min(at, len(args))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under the registry's headings, then the exit codes."""
        sections: dict[str, list[tuple[str, str]]] = {"Workbench": list(OWN_WORDS.items())}
        for heading in GROUPS:
            members = [entry for entry in ENTRIES if entry.group == heading]
            sections[heading] = [(entry.name, entry.summary) for entry in members]
        width = max(len(name) for rows in sections.values() for name, _ in rows)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])
        with formatter.section("Exit codes"):
            formatter.write_dl(
                [(str(code.value).ljust(width), text) for code, text in EXIT_CODES.items()]
            )


def _spec_option() -> click.Option:
    """`--spec`: everything there is, for programs."""

    def tell(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted:
            from .spec import spec_text

            click.echo(spec_text())
            context.exit()

    return click.Option(
        ["--spec"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=tell,
        help="Describe every command as JSON.",
    )


def _click_command(entry: Entry) -> click.Command:
    """The click command of an entry. Parameters and options are imported now, and no sooner."""
    from ..commands.parsing import click_command

    return click_command(load(entry))


def _known(ctx: click.Context, group: click.Group, name: str, word: str) -> None:
    if group.get_command(ctx, word) is None:
        raise unknown(name)
