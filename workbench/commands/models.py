"""Commands about models and hyperparameters: models list|show|probe, hparams list|show."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.model import LoadedModel
    from .context import Context
    from .results import HparamsList, HparamsShown, ModelList, ModelShown

GROUP = "Models"

_ABOUT = {
    "pocket": "the embedded model: GPT-2 architecture, trained on templated facts",
    "gpt2-medium": "openai-community/gpt2-medium on the hub, 24 layers",
    "gpt2-large": "openai-community/gpt2-large on the hub, 36 layers",
    "gpt2-xl": "openai-community/gpt2-xl on the hub, 48 layers",
    "gpt-j-6B": "EleutherAI/gpt-j-6B on the hub, 28 layers",
    "gpt-neox-20b": "EleutherAI/gpt-neox-20b on the hub, 44 layers",
    "llama2-7b": "meta-llama/Llama-2-7b-hf on the hub, 32 layers",
    "llama3-8b": "meta-llama/Meta-Llama-3-8B on the hub, 32 layers",
    "llama3.2-1b": "meta-llama/Llama-3.2-1B-Instruct on the hub, 16 layers",
    "llama3.2-3b": "meta-llama/Llama-3.2-3B on the hub, 28 layers",
    "mistral-7b": "mistralai/Mistral-7B-v0.1 on the hub, 32 layers",
    "qwen2-7b": "Qwen/Qwen2-7B on the hub, 28 layers",
    "qwen2.5-7b": "Qwen/Qwen2.5-7B on the hub, 28 layers",
}


class ModelParams(Params):
    """Which model, and how to hold it."""

    name: str = param("pocket, a hub name, or a folder.", argument=True, completes="model")
    revision: str | None = param("Commit or tag on the hub.", default=None)
    device: str = param("auto, cpu, cuda, cuda:N.", default="auto")
    dtype: str = param(
        "Precision the model is held in.",
        default="auto",
        choices=("auto", "float16", "bfloat16", "float32", "float64"),
    )
    trust_remote_code: bool = param("Run code that comes with the model.", default=False)


class HparamsParams(Params):
    """Which hyperparameters."""

    name: str = param("A preset, or a JSON file.", argument=True, completes="preset")


def models_list(context: Context, params: Params) -> ModelList:
    """The models known by name, and the architectures that can be edited."""
    from ...engine.families import known_model_types
    from ...hparams import preset_names
    from .results import ModelLine, ModelList

    presets = preset_names()
    lines = (
        ModelLine(name, _ABOUT.get(name, "hyperparameters ship under this name"), name)
        for name in sorted(presets, key=lambda name: (name != "pocket", name))
    )
    return ModelList(tuple(lines), known_model_types())


def models_show(context: Context, params: ModelParams) -> ModelShown:
    """Load a model and tell where its weights lie and what it is."""
    return _shown(_load(context, params), probed_first=False)


def models_probe(context: Context, params: ModelParams) -> ModelShown:
    """Load a model, find its parts by structure, known family or not, and try an edit on it."""
    from ...engine.trial import trial_edit
    from .results import TrialEdit

    model = _load(context, params)
    shown = _shown(model, probed_first=True)
    trial = trial_edit(model, progress=context.progress, stop=context.stop)
    return replace(shown, trial=TrialEdit(**asdict(trial)))


def _load(context: Context, params: ModelParams) -> LoadedModel:
    from ...engine.loading import load_model

    return load_model(
        params.name,
        revision=params.revision,
        device=params.device,
        dtype=params.dtype,
        trust_remote_code=params.trust_remote_code,
        progress=context.progress,
        stop=context.stop,
    )


def _shown(model: LoadedModel, *, probed_first: bool) -> ModelShown:
    from ...engine.adapters import probe
    from ...hparams import preset_for
    from .results import ModelShown

    adapter = probe(model.model) if probed_first else model.adapter
    sites = tuple(adapter.weight_name(layer) for layer in range(model.n_layers))
    d_out, d_in = model.linear_view(sites[0]).shape
    return ModelShown(
        name=model.name,
        revision=model.revision,
        path=model.path or "",
        model_type=model.model_type,
        parameters=sum(p.numel() for p in model.model.parameters()),
        n_layers=model.n_layers,
        d_in=d_in,
        d_out=d_out,
        max_positions=model.max_positions,
        dtype=model.dtype,
        device=model.device,
        model_sha256=model.model_sha256,
        tokenizer_sha256=model.tokenizer_sha256,
        preset=preset_for(model.name),
        sites=sites,
        facts=asdict(adapter),
        probed=adapter.probed,
    )


def hparams_list(context: Context, params: Params) -> HparamsList:
    """The presets that ship with romebench."""
    from ...hparams import load_preset, preset_names
    from .results import HparamsLine, HparamsList

    loaded = ((name, load_preset(name)) for name in preset_names())
    return HparamsList(
        tuple(
            HparamsLine(name, values.layer, values.v_num_grad_steps, values.mom2_adjustment)
            for name, values in loaded
        )
    )


def hparams_show(context: Context, params: HparamsParams) -> HparamsShown:
    """Hyperparameters in the field's own JSON keys."""
    from ...sessions.options import find_hparams
    from .results import HparamsShown

    return HparamsShown(params.name, find_hparams(params.name).to_json())


COMMANDS = (
    Command(
        name="models list",
        summary="list the models known by name, and the architectures that can be edited",
        params=Params,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=models_list,
        group=GROUP,
        examples=("models list",),
        aliases=("models",),
    ),
    Command(
        name="models show",
        summary="load a model and tell where its weights lie and what it is",
        params=ModelParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=models_show,
        group=GROUP,
        long=True,
        examples=("models show pocket", "models show gpt2-xl --json"),
    ),
    Command(
        name="models probe",
        summary="find the parts of a model by its structure, and try an edit on it",
        params=ModelParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=models_probe,
        group=GROUP,
        long=True,
        examples=("models probe ./my-model",),
    ),
    Command(
        name="hparams list",
        summary="list the hyperparameter presets",
        params=Params,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=hparams_list,
        group=GROUP,
        examples=("hparams list",),
        aliases=("hparams",),
    ),
    Command(
        name="hparams show",
        summary="show a preset or a file of hyperparameters in the field's keys",
        params=HparamsParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=hparams_show,
        group=GROUP,
        examples=("hparams show pocket", "hparams show gpt2-xl --json > mine.json"),
    ),
)
