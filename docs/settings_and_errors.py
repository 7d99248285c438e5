"""The pages on settings and on errors, from the settings' schema and the classes of `errors`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from romebench import errors
from romebench.errors import ExitCode, RomebenchError
from romebench.workbench.cli.group import EXIT_CODES
from romebench.workbench.settings import SECTIONS, SETTINGS, Setting, Settings
from romebench.workbench.settings.schema import KEYS

CONFIGURATION = """\
# Settings

<!-- Written by docs/generate.py from the settings' schema; edit that, not this. -->

What you would type each time can stand in a file:

```toml
# romebench.toml
[session]
model = "gpt2-xl"
rule = "r-rome"       # of new sessions

[generate]
max_new_tokens = 20
```

Of several values the nearest counts, one setting at a time:

1. what is typed on the command line
2. `ROMEBENCH_*` variables
3. the file that `--config FILE` or `ROMEBENCH_CONFIG` names
4. `romebench.toml` in the working folder
5. `config.toml` in your own folder of settings (`romebench config path` shows where)
6. what is built in

`--config none` reads no file. `./name` and `../name` of a model or of hyperparameters count from
the folder of the file they stand in. Settings of a session count where a session is made: one that
exists keeps what it was made with, and only `device` counts for it too. `hparams` counts for the
`model` it stands beside; a rule that a file of hyperparameters names comes before `rule`. `greedy`
gives way to a seed, temperature, `top_k` or `top_p` that is typed.

```console
$ romebench config show                  # every setting, its value, and where that comes from
$ romebench config set rule rome         # into your own file; comments and order stay
$ romebench config set model gpt2-xl --project     # into romebench.toml here
$ romebench config unset rule
$ romebench config init                  # a file with every setting, commented out
$ romebench config validate              # all that is wrong, with file, line and the way out
```

A file with something wrong in it stops every command that works on sessions, with exit code 2, and
names file, line, key and the nearest valid key. `config`, `where` and `doctor` go on.

No setting runs a program or trusts code of a model: a `romebench.toml` may lie in a folder that
somebody else wrote. The pager is the one that `PAGER` names.
"""

KEYS_ABOUT = """\
Keys of the workbench, by action: the name of a key, a list of names, or `""` for none. `f1` in the
workbench lists the actions and their keys.

```toml
[keys]
undo = ["u", "ctrl+z"]
```
"""

COMPLETION = """\
## Completion in a shell

```console
$ romebench completion bash > ~/.local/share/bash-completion/completions/romebench
$ romebench completion zsh > ~/.zfunc/_romebench          # a folder of $fpath
$ romebench completion fish > ~/.config/fish/completions/romebench.fish
```

Commands and options are completed, and with them sessions, steps, branches, presets, models,
settings and their values; files where nothing else fits.
"""


def configuration_page() -> str:
    """docs/configuration.md."""
    parts = [CONFIGURATION]
    for section in SECTIONS:
        parts.append(f"## [{section}]\n")
        if section == KEYS:
            parts.append(KEYS_ABOUT)
            continue
        parts.append("| setting | variable | type | built in | |\n|---|---|---|---|---|")
        parts += [_row(each) for each in SETTINGS if each.section == section]
        parts.append("")
    return "\n".join([*parts, COMPLETION])


def _row(found: Setting) -> str:
    allowed = ", ".join(f"`{choice}`" for choice in found.choices) or _range(found)
    value = getattr(Settings(), found.name)
    built_in = (
        "" if value is None else f"`{str(value).lower() if value in (True, False) else value}`"
    )
    kind = allowed or found.kind.__name__
    return f"| `{found.name}` | `{found.variable}` | {kind} | {built_in} | {found.about} |"


def _range(found: Setting) -> str:
    if found.minimum is None:
        return ""
    if found.maximum is None:
        return f"{found.kind.__name__}, at least {found.minimum:g}"
    return f"{found.kind.__name__}, {found.minimum:g} to {found.maximum:g}"


ERRORS = """\
# Errors and exit codes

<!-- Written by docs/generate.py from errors.py; edit that, not this. -->

Every failure that romebench can name is one line on standard error that says what happened, with
the value in question, and a line that says what to do about it. Nothing is kept of an edit that
failed.

```console
$ romebench goto nowhere
romebench: 'nowhere' is neither a step, nor a branch, nor 'base'
hint: steps go from 1 to 1; branches: main
```

Anything else is a defect of romebench: it is told in one line too, `--debug` shows the traceback,
and the session is as it was.

## Exit codes

| code | meaning |
|---|---|
"""

CLASSES = """
## Classes

What the Python API raises; `message`, `hint` and `exit_code` are attributes of each. A class under
another is a case of it.

| class | exit code | |
|---|---|---|
"""


def errors_page() -> str:
    """docs/errors.md."""
    codes = "".join(f"| {code.value} | {EXIT_CODES[code]} |\n" for code in ExitCode)
    return ERRORS + codes + CLASSES + "".join(_class_rows(RomebenchError, 0))


def _class_rows(kind: type[RomebenchError], depth: int) -> Iterator[str]:
    about = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    mark = "↳ " * depth
    yield f"| {mark}`{kind.__name__}` | {kind.exit_code.value} | {about} |\n"
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _class_rows(each, depth + 1)
