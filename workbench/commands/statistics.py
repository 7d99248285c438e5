"""Commands on second moments: stats collect|import|show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RomebenchError, UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.model import LoadedModel
    from .collected import StatisticsFile, StatsList, StatsShown, StatsWritten
    from .context import Context

GROUP = "Statistics"

RIDGES = (0.0, 0.001, 0.01, 0.1)


class SiteParams(Params):
    """A model, and how to hold it."""

    model: str = param(
        "Model: pocket, a hub name, or a folder.", "-m", default="pocket", completes="model"
    )
    revision: str | None = param("Commit or tag of the model on the hub.", default=None)
    device: str = param("auto, cpu, cuda, cuda:N or map.", default="auto")
    dtype: str = param(
        "Precision the model is held in.",
        default="auto",
        choices=("auto", "float16", "bfloat16", "float32", "float64"),
    )
    trust_remote_code: bool = param("Run code that comes with the model.", default=False)


class CollectParams(SiteParams):
    """What to collect, and over which text."""

    text: str = param(
        "A text file, a folder, a JSONL file, or a dataset's name.",
        argument=True,
        completes="file",
        default="",
    )
    layer: str | None = param(
        'Layers: "5", "3,4,5", "3-8" or all. [default: the layer of the model\'s hparams]',
        "-l",
        default=None,
        completes="layer",
    )
    tokens: int = param("Keys to collect, one a token.", "-t", default=100_000, minimum=1)
    window: int = param("Longest stretch of tokens given at once.", default=512, minimum=2)
    batch_tokens: int = param("Tokens of one forward pass.", default=4096, minimum=1)
    key: str = param("Key or column of the text.", default="text")
    config: str | None = param("Configuration of a dataset.", default=None)
    split: str = param("Split of a dataset.", default="train")
    restart: bool = param("Drop what an unfinished collection has kept.", default=False)


class ImportParams(SiteParams):
    """A statistics file, and what it is of."""

    file: str = param(
        "An .npz of kmeng01/rome or EasyEdit, an .npy matrix, or .safetensors.",
        argument=True,
        completes="file",
        default="",
    )
    layer: int | None = param(
        "The layer it is of. [default: the layer of the model's hparams]",
        "-l",
        default=None,
        completes="layer",
    )


class ShowParams(Params):
    """Which statistics."""

    file: str | None = param(
        "A statistics file. [default: list those that are kept]",
        argument=True,
        completes="file",
        default=None,
    )


def stats_collect(context: Context, params: CollectParams) -> StatsWritten:
    """Collect C over a text and keep it where sessions find it."""
    from ...engine.checkpoint import Checkpoint, kept_path, save_statistics
    from ...engine.collect import Plan, collect_moments
    from ...engine.texts import open_texts
    from .collected import StatsWritten

    if not params.text:
        raise UsageError("no text is named", "`stats collect FILE --model NAME --layer N`")
    source = open_texts(params.text, key=params.key, config=params.config, split=params.split)
    plan = Plan(params.tokens, params.window, params.batch_tokens)
    model = load_site(context, params)
    layers = chosen_layers(model, params.layer)
    folder = context.bench.paths.data / "statistics"
    names = [model.weight_name(layer) for layer in layers]
    identity = {
        "model_sha256": model.model_sha256, "dataset": source.name, "texts": source.identity(),
        "weights": names, "tokens": plan.tokens, "window": plan.window,
        "batch_tokens": plan.batch_tokens, "device": model.device,
    }  # fmt: skip
    kept = folder / model.model_sha256[:16] / "collecting.safetensors"
    checkpoint = Checkpoint(kept, identity)
    if params.restart:
        checkpoint.remove()
    found = collect_moments(
        model, layers, source, plan, checkpoint=checkpoint, progress=context.progress,
        stop=context.stop,
    )  # fmt: skip
    provenance = found.provenance(model, source, plan)
    files = []
    for name in names:
        path = kept_path(folder, model.model_sha256, name)
        save_statistics(path, name, found.sums.mean(name), provenance)
        files.append(_file(path))
    checkpoint.remove()
    return StatsWritten(
        model=model.name,
        dataset=source.name,
        tokens=found.tokens,
        convergence=found.convergence,
        files=tuple(files),
        resumed_at=found.resumed_at,
        exhausted=found.exhausted,
        elapsed_s=found.elapsed_s,
        tokens_per_s=(found.tokens - found.resumed_at) / max(found.elapsed_s, 1e-9),
        peak_bytes=peak_bytes(),
    )


def stats_import(context: Context, params: ImportParams) -> StatsWritten:
    """Check a statistics file against a model and keep it where sessions find it."""
    from ...engine.checkpoint import kept_path, save_statistics
    from ...engine.moments import load_statistics
    from .collected import StatsWritten

    if not params.file:
        raise UsageError("no file is named", "`stats import FILE --model NAME --layer N`")
    model = load_site(context, params)
    (layer,) = chosen_layers(model, None if params.layer is None else str(params.layer))
    name = model.weight_name(layer)
    moment = load_statistics(
        Path(params.file).expanduser(),
        d_in=model.linear_view(name).shape[1],
        weight_name=name,
        model_sha256=model.model_sha256,
    )
    assert moment.matrix is not None
    about = dict(moment.provenance or {})
    precision = about.pop("dtype", "float32")
    about = {
        **about,
        "imported_from": about.pop("file"),
        "imported_sha256": about.pop("sha256"),
        "model": model.name,
        "model_type": model.model_type,
        "model_sha256": model.model_sha256,
        "keys_dtype": precision,
    }
    path = kept_path(context.bench.paths.data / "statistics", model.model_sha256, name)
    save_statistics(path, name, moment.matrix, about)
    file = _file(path)
    return StatsWritten(
        model=model.name,
        dataset=file.dataset,
        tokens=file.tokens,
        convergence=None,
        files=(file,),
    )


def stats_show(context: Context, params: ShowParams) -> StatsShown | StatsList:
    """One statistics file with its conditioning, or all that are kept."""
    import torch

    from .collected import RidgeLine, StatsList, StatsShown

    if params.file is None:
        folder = context.bench.paths.data / "statistics"
        paths = sorted(folder.glob("*/*.safetensors")) if folder.is_dir() else []
        kept = [path for path in paths if path.name != "collecting.safetensors"]
        return StatsList(str(folder), tuple(_file(path) for path in kept))
    from ...engine.conditioning import conditioning
    from ...engine.moments import read_statistics

    path = Path(params.file).expanduser()
    matrix = torch.from_numpy(read_statistics(path)[0]).double()
    lines = []
    for ridge in RIDGES:
        found = conditioning(matrix, ridge)
        lines.append(
            RidgeLine(ridge, found.condition, found.smallest, found.largest, found.effective_rank)
        )
    return StatsShown(_file(path), tuple(lines))


def chosen_layers(model: LoadedModel, layers: str | None) -> tuple[int, ...]:
    """The layers that were asked for; those of the model's preset where none were.

    Raises:
        UsageError: They can't be read, or there is no preset for the model.
        ModelError: There is no such layer.
    """
    from ...hparams import load_preset, preset_for

    if layers is None:
        preset = preset_for(model.name)
        if preset is None:
            raise UsageError(
                f"no hparams are known for {model.name}",
                f"name the layers: --layer 0 to {model.n_layers - 1}, 3,4 or all",
            )
        return (load_preset(preset).layer,)
    if layers == "all":
        return tuple(range(model.n_layers))
    chosen: list[int] = []
    for part in layers.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UsageError(f"{layers!r} names no layers", 'write "5", "3,4,5", "3-8" or all')
        chosen += range(int(first), int(last) + 1 if dash else int(first) + 1)
    for layer in chosen:
        model.check_layer(layer)
    return tuple(dict.fromkeys(chosen))


def peak_bytes() -> int:
    """Most memory this process has held, where the system tells."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def load_site(context: Context, params: SiteParams) -> LoadedModel:
    """The model that was asked for."""
    from ...engine.loading import load_model

    return load_model(
        params.model,
        revision=params.revision,
        device=params.device,
        dtype=params.dtype,
        trust_remote_code=params.trust_remote_code,
        progress=context.progress,
        stop=context.stop,
    )


def _file(path: Path) -> StatisticsFile:
    """What a statistics file says of itself; one that can't be read says why."""
    from ...engine.moments import read_statistics
    from .collected import StatisticsFile

    try:
        matrix, about = read_statistics(path)
    except RomebenchError as error:
        return StatisticsFile(str(path), path.stem, 0, None, "", "", {"error": error.message})
    return StatisticsFile(
        path=str(path),
        weight_name=str(about.get("weight_name", "")),
        d_in=int(matrix.shape[-1]),
        tokens=_whole(about.get("tokens")),
        model=str(about.get("model", "")),
        dataset=str(about.get("dataset") or about.get("imported_from") or ""),
        about=about,
    )


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None


COMMANDS = (
    Command(
        name="stats collect",
        summary="collect the second moments C of a model's layers over a text",
        params=CollectParams,
        effect=Effect.WRITE,
        scope=Scope.NONE,
        run=stats_collect,
        group=GROUP,
        long=True,
        examples=(
            "stats collect wikipedia.txt --model gpt2-xl",
            "stats collect articles.jsonl -m ./my-llama --layer 3-8 --tokens 1000000",
        ),
    ),
    Command(
        name="stats import",
        summary="take over a statistics file of kmeng01/rome or EasyEdit, or a matrix",
        params=ImportParams,
        effect=Effect.WRITE,
        scope=Scope.NONE,
        run=stats_import,
        group=GROUP,
        long=True,
        examples=("stats import transformer.h.17.mlp.c_proj_float32_mom2_100000.npz -m gpt2-xl",),
    ),
    Command(
        name="stats show",
        summary="list the statistics that are kept, or show one file and its conditioning",
        params=ShowParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=stats_show,
        group=GROUP,
        examples=("stats show", "stats show c.safetensors"),
        aliases=("stats",),
    ),
)
