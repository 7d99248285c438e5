"""Write the parts of the documentation that the code knows best: `python docs/generate.py`.

`docs/commands.md` comes from the command registry, and so does the registry's own index;
`docs/configuration.md` from the settings' schema, `docs/errors.md` from the error classes.
`--check` writes nothing and exits 1 where a file is out of date.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import click
from settings_and_errors import configuration_page, errors_page

from romebench.errors import ExitCode
from romebench.workbench import commands
from romebench.workbench.cli.fronts import OWN_WORDS
from romebench.workbench.cli.group import EXIT_CODES, Romebench
from romebench.workbench.commands.describe import results_of
from romebench.workbench.commands.parsing import click_command
from romebench.workbench.commands.registry import COMMANDS, MODULES
from romebench.workbench.commands.results import Result
from romebench.workbench.commands.spec import Command, Effect, Scope

DOCS = Path(__file__).parent
WIDTH = 88

HEAD = """\
# Commands

<!-- Written by docs/generate.py from the command registry; edit that, not this. -->

One registry of commands stands behind the command line, the line editor (`romebench repl`) and the
workbench (`romebench`). On the command line a command follows the word `romebench`; in the line
editor it stands alone; in the workbench's input line it follows a slash, and the palette lists it
too. There, and in the line editor, `[subject] … => target` is an edit and other text is written on
from; `//` and `\\[` begin literal text.

Standard output is data, standard error everything else. `--json` (or `--format json`) prints one
object, described under [Results](#results); `--format csv` prints the rows of what is a table;
`-o FILE` writes what would be printed to a file, whole or not at all, and overwrites none without
`--force`. `romebench --spec` describes all of this page as JSON. What counts where nothing is typed
stands in a [settings file](configuration.md); what went wrong, and the exit code it gives, under
[errors](errors.md). `-` reads standard input. What destroys is asked about first; without a
terminal it needs `--yes`.
"""

INDEX_HEAD = '''\
"""Every command: its name, aliases, heading, the module that declares it, and its summary.

Written by docs/generate.py from those declarations; a test compares the two. With this at hand
`romebench --help` imports none of them.
"""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

INDEX: tuple[tuple[str, tuple[str, ...], str, str, str], ...] = (
'''

EFFECTS = {
    Effect.READ: "reads",
    Effect.WRITE: "writes",
    Effect.DESTRUCTIVE: "destroys, and asks first",
}
SCOPES = {
    Scope.NONE: "needs no session",
    Scope.STORE: "needs no model",
    Scope.SESSION: "needs no model",
    Scope.MODEL: "loads the model",
}


def commands_page() -> str:
    """docs/commands.md."""
    return "\n".join(_page()).rstrip() + "\n"


def _page() -> Iterator[str]:
    yield HEAD
    yield "## Exit codes\n\n| code | meaning |\n|---|---|"
    yield from (f"| {code.value} | {EXIT_CODES[code]} |" for code in ExitCode)
    yield "\n## Starting\n"
    root = Romebench()
    for word in OWN_WORDS:
        command = root.get_command(click.Context(root), word)
        assert command is not None
        yield _section(word, _help(command, f"romebench {word}"))
    for group in dict.fromkeys(each.group for each in COMMANDS):
        yield f"## {group}\n"
        for each in COMMANDS:
            if each.group == group:
                yield _section(each.name, _about(each) + _help_of(each))
    yield "## Results\n"
    yield "What `--json` prints: one object whose `result` names its kind.\n"
    for kind in _kinds():
        yield from _fields(f"{kind.kind} (result)", kind)
    yield "## Parts of results\n"
    for part in _parts(_kinds()):
        yield from _fields(part.__name__, part)


def _section(name: str, body: str) -> str:
    return f"### {name}\n\n{body}"


def _about(command: Command) -> str:
    kinds = ", ".join(f"[`{kind.kind}`](#{kind.kind}-result)" for kind in results_of(command))
    also = f" Also: `{'`, `'.join(command.aliases)}`." if command.aliases else ""
    effect = EFFECTS[command.effect]
    return f"{effect.capitalize()}; {SCOPES[command.scope]}; gives {kinds}.{also}\n\n"


def _help_of(command: Command) -> str:
    return _help(click_command(command), f"romebench {command.name}")


def _help(command: click.Command, name: str) -> str:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, **settings)
    return f"```\n{command.get_help(context)}\n```\n"


@cache
def _named() -> dict[str, type]:
    """Every dataclass the command layer knows, by its name."""
    modules = (
        importlib.import_module(f"{commands.__name__}.{module.name}")
        for module in pkgutil.iter_modules(commands.__path__)
    )
    found = (item for module in modules for item in vars(module).items())
    return {name: value for name, value in found if dataclasses.is_dataclass(value)}


def _kinds() -> list[type[Result]]:
    return list(dict.fromkeys(kind for command in COMMANDS for kind in results_of(command)))


def _parts(kinds: Sequence[type]) -> list[type]:
    """The dataclasses that results are made of, and those that these are made of."""
    found: dict[type, None] = {}
    waiting = list(kinds)
    while waiting:
        for field in dataclasses.fields(waiting.pop(0)):
            for word in re.findall(r"\w+", str(field.type)):
                part = _named().get(word)
                if part is not None and part not in found:
                    found[part] = None
                    waiting.append(part)
    return list(found)


def _fields(heading: str, kind: type) -> Iterator[str]:
    about, _, attributes = inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:\n")
    said = dict(_attributes(attributes))
    yield f"### {heading}\n\n{' '.join(about.split())}\n"
    yield "| field | type | |\n|---|---|---|"
    for field in dataclasses.fields(kind):
        shown = str(field.type).replace("|", "\\|")
        yield f"| `{field.name}` | `{shown}` | {said.get(field.name, '')} |"
    yield ""


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Names and texts of a docstring's Attributes section."""
    for block in re.split(r"\n(?=\S)", inspect.cleandoc(text)):
        name, colon, about = block.partition(": ")
        if colon:
            yield name, " ".join(about.split())


def index_module() -> str:
    """workbench/commands/index.py."""
    lines = []
    for module in MODULES:
        for each in importlib.import_module(f"{commands.__name__}.{module}").COMMANDS:
            cells = (each.name, each.aliases, each.group, module, each.summary)
            lines.append(f"    ({', '.join(_quoted(cell) for cell in cells)}),\n")
    return INDEX_HEAD + "".join(lines) + ")\n"


def _quoted(cell: str | tuple[str, ...]) -> str:
    """A Python literal with double quotes, as the formatter writes it."""
    if isinstance(cell, str):
        return json.dumps(cell, ensure_ascii=False)
    inner = ", ".join(_quoted(each) for each in cell)
    return f"({inner},)" if len(cell) == 1 else f"({inner})"


PAGES = {
    DOCS / "commands.md": commands_page,
    DOCS / "configuration.md": configuration_page,
    DOCS / "errors.md": errors_page,
    Path(commands.__path__[0]).resolve() / "index.py": index_module,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or only look whether they are current."""
    texts = {path: path.read_text(encoding="utf-8") for path in PAGES if path.exists()}
    stale = [path for path, page in PAGES.items() if texts.get(path) != page()]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.name} is out of date: run python docs/generate.py")
        else:
            path.write_text(PAGES[path](), encoding="utf-8")
            print(f"wrote {path.name}")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
