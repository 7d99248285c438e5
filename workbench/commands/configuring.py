"""Commands on settings: config show|path|validate|init|set|unset. They need no session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from pathlib import Path

    from ..settings import Layer
    from .context import Context
    from .results import (
        SettingLine,
        SettingsChecked,
        SettingsFiles,
        SettingsProblem,
        SettingsShown,
        SettingsWritten,
    )

GROUP = "Settings"


class ShowParams(Params):
    """Which settings."""

    key: str = param(
        "One setting, or a section. [default: all]", default="", argument=True, completes="setting"
    )


class ValidateParams(Params):
    """Which file."""

    file: str = param(
        "A settings file. [default: all that are read, and the variables]",
        default="",
        argument=True,
        completes="file",
    )


class PlaceParams(Params):
    """Which of the files is written."""

    project: bool = param(
        "romebench.toml in the working folder; else the file of --config, else the user's.",
        "-p",
        default=False,
    )


class InitParams(PlaceParams):
    """Which file is made."""

    force: bool = param("Overwrite the file.", "-f", default=False)


class UnsetParams(PlaceParams):
    """Which setting is taken out."""

    key: str = param("The setting: model, generate.top_k, keys.undo.", argument=True,
                     completes="setting")  # fmt: skip


class SetParams(PlaceParams):
    """Which setting gets which value."""

    key: str = param("The setting: model, generate.top_k, keys.undo.", argument=True,
                     completes="setting")  # fmt: skip
    value: str = param("Its value.", argument=True, completes="value")


def config_show(context: Context, params: ShowParams) -> SettingsShown:
    """The settings that count here, and where each comes from."""
    from ..settings import SECTIONS, discover
    from ..settings.writing import full_key
    from .results import SettingsShown

    bench = context.bench
    lines = _lines(discover(bench.paths, bench.config))
    if params.key in SECTIONS:
        return SettingsShown(tuple(n for n in lines if n.key.startswith(f"{params.key}.")))
    if params.key:
        key = full_key(params.key)
        return SettingsShown(tuple(line for line in lines if line.key == key))
    return SettingsShown(lines)


def _lines(layers: tuple[Layer, ...]) -> tuple[SettingLine, ...]:
    from ..settings import SETTINGS, Settings
    from ..settings.schema import KEYS
    from .results import SettingLine

    found: list[SettingLine] = []
    for each in SETTINGS:
        layer = _first(layers, each.key)
        if layer is None:
            value = getattr(Settings(), each.name)
            found.append(SettingLine(each.key, value, "built-in", "", each.about))
        else:
            value = layer.said[each.key].value
            found.append(SettingLine(each.key, value, layer.source, layer.place(each), each.about))
    keys = dict.fromkeys(key for each in layers for key in each.said if key.startswith(f"{KEYS}."))
    for key in keys:
        layer = _first(layers, key)
        assert layer is not None
        keys_of = layer.said[key]
        where = f"{layer.path}:{keys_of.line}"
        found.append(SettingLine(key, keys_of.value, layer.source, where, "keys of an action"))
    return tuple(found)


def _first(layers: tuple[Layer, ...], key: str) -> Layer | None:
    """The nearest layer that says a key."""
    return next((layer for layer in layers if key in layer.said), None)


def config_path(context: Context, params: Params) -> SettingsFiles:
    """The files that settings are looked for in."""
    from ..settings.layers import files
    from .results import SettingsFile, SettingsFiles

    bench = context.bench
    return SettingsFiles(
        tuple(
            SettingsFile(source, str(path), path.is_file())
            for source, path in files(bench.paths, bench.config)
        )
    )


def config_validate(context: Context, params: ValidateParams) -> SettingsChecked:
    """All that is wrong with the settings, or with one file."""
    from pathlib import Path

    from ..settings.layers import Source, files
    from .results import SettingsChecked

    if params.file:
        paths = [Path(params.file).expanduser()]
    else:
        looked = files(context.bench.paths, context.bench.config)
        paths = [path for source, path in looked if source is Source.CHOSEN or path.is_file()]
    problems = [problem for path in paths for problem in _of_file(path)]
    if not params.file:
        problems += _of_variables()
    return SettingsChecked(tuple(str(path) for path in paths), tuple(problems))


def _of_file(path: Path) -> list[SettingsProblem]:
    from ..settings.reading import check_file
    from .results import SettingsProblem

    return [
        SettingsProblem(
            str(path) if each.line is None else f"{path}:{each.line}", each.message, each.hint
        )
        for each in check_file(path)
    ]


def _of_variables() -> list[SettingsProblem]:
    from ...errors import SettingsError
    from ..settings import SETTINGS
    from ..settings.layers import from_environment, unknown_variables
    from ..settings.schema import nearest
    from .results import SettingsProblem

    found: list[SettingsProblem] = []
    for each in SETTINGS:
        try:
            from_environment({each.variable: os.environ.get(each.variable, "")})
        except SettingsError as error:
            found.append(SettingsProblem(each.variable, error.message, error.hint))
    for name in unknown_variables(os.environ):
        near = nearest(name, [each.variable for each in SETTINGS])
        hint = f"did you mean {near}?" if near else "`config show` lists the settings"
        found.append(SettingsProblem(name, f"{name} sets nothing", hint))
    return found


def config_init(context: Context, params: InitParams) -> SettingsWritten:
    """Write a settings file that says nothing yet."""
    from ..settings.writing import make_file
    from .results import SettingsWritten

    path = _file(context, project=params.project)
    make_file(path, force=params.force)
    context.bench.forget_settings()
    return SettingsWritten("made", str(path))


def config_set(context: Context, params: SetParams) -> SettingsWritten:
    """Write one value into a settings file."""
    from ..settings.writing import set_value
    from .results import SettingsWritten

    path = _file(context, project=params.project)
    key, value = set_value(path, params.key, params.value)
    context.bench.forget_settings()
    return SettingsWritten("set", str(path), key, value, _nearer(context, path, key))


def config_unset(context: Context, params: UnsetParams) -> SettingsWritten:
    """Take one value out of a settings file."""
    from ..settings.writing import unset_value
    from .results import SettingsWritten

    path = _file(context, project=params.project)
    key = unset_value(path, params.key)
    context.bench.forget_settings()
    return SettingsWritten("unset", str(path), key)


def _file(context: Context, *, project: bool) -> Path:
    """The file that is written."""
    from ...errors import SettingsError
    from ..settings.layers import Source, files, project_file, user_file

    if project:
        return project_file()
    looked = files(context.bench.paths, context.bench.config)
    if not looked:
        raise SettingsError("no settings file is read here", "leave `--config none` out")
    chosen = dict(looked).get(Source.CHOSEN)
    return user_file(context.bench.paths) if chosen is None else chosen


def _nearer(context: Context, path: Path, key: str) -> str:
    """Where a value stands that counts before the one just written."""
    from ...errors import SettingsError
    from ..settings import discover, setting

    try:
        layers = discover(context.bench.paths, context.bench.config)
    except SettingsError:
        return ""  # something else is wrong there, and the next command says so
    layer = _first(layers, key)
    if layer is None or layer.path == path:
        return ""
    found = setting(key)
    return layer.place(found) if found is not None else str(layer.path)


COMMANDS = (
    Command(
        name="config show",
        summary="the settings that count here, and where each comes from",
        params=ShowParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=config_show,
        group=GROUP,
        examples=("config show", "config show rule", "config show generate --json"),
        aliases=("config",),
    ),
    Command(
        name="config path",
        summary="the files that settings are looked for in, nearest first",
        params=Params,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=config_path,
        group=GROUP,
        examples=("config path",),
    ),
    Command(
        name="config validate",
        summary="all that is wrong with the settings",
        params=ValidateParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=config_validate,
        group=GROUP,
        examples=("config validate", "config validate romebench.toml"),
    ),
    Command(
        name="config init",
        summary="write a settings file with every setting, commented out",
        params=InitParams,
        effect=Effect.WRITE,
        scope=Scope.NONE,
        run=config_init,
        group=GROUP,
        examples=("config init", "config init --project"),
    ),
    Command(
        name="config set",
        summary="write a value into a settings file; comments stay",
        params=SetParams,
        effect=Effect.WRITE,
        scope=Scope.NONE,
        run=config_set,
        group=GROUP,
        examples=("config set rule rome", "config set model gpt2-xl --project"),
    ),
    Command(
        name="config unset",
        summary="take a value out of a settings file; comments stay",
        params=UnsetParams,
        effect=Effect.WRITE,
        scope=Scope.NONE,
        run=config_unset,
        group=GROUP,
        examples=("config unset rule",),
    ),
)
