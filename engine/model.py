"""Loading a model, and the one object that stands for it everywhere: `LoadedModel`."""

from __future__ import annotations

import logging
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from ..errors import ModelError, OutOfMemoryError
from .adapters import adapter_for, is_transposed
from .families import Adapter
from .fingerprint import model_sha256, tokenizer_sha256
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

POCKET = "pocket"
"""Name of the embedded default model."""

_DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclass(eq=False)
class LoadedModel:
    """A model, its tokenizer, and what romebench knows of both.

    Attributes:
        name: As the user named it.
        revision: The hub's commit, where it was given.
        path: Where the weights lie; None for a model built in memory.
        model: The transformers model, in eval mode.
        tokenizer: Its tokenizer.
        adapter: Where things are in it.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    adapter: Adapter
    revision: str | None = None
    path: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def model_type(self) -> str:
        """`config.model_type`."""
        return str(self.model.config.model_type)

    @property
    def dtype(self) -> str:
        """Dtype of the parameters, "float32"."""
        return str(self.torch_dtype).removeprefix("torch.")

    @property
    def torch_dtype(self) -> torch.dtype:
        """Dtype of the parameters."""
        return next(self.model.parameters()).dtype

    @property
    def compute_dtype(self) -> torch.dtype:
        """Dtype of keys, values and deltas: fp32 at least, fp64 for an fp64 model."""
        return torch.promote_types(self.torch_dtype, torch.float32)

    @property
    def device(self) -> str:
        """Where the inputs go, "cpu" or "cuda:0"."""
        return str(self.input_device)

    @property
    def input_device(self) -> torch.device:
        """The device of the token embedding."""
        weight = self.model.get_input_embeddings().weight
        assert isinstance(weight, Tensor)
        return weight.device

    @cached_property
    def model_sha256(self) -> str:
        """Fingerprint of the model as it was when first asked: ask before the first edit."""
        return model_sha256(self.model)

    @cached_property
    def tokenizer_sha256(self) -> str:
        """Fingerprint of the tokenizer."""
        return tokenizer_sha256(self.tokenizer)

    @property
    def n_layers(self) -> int:
        """How many blocks there are."""
        return len(self.model.get_submodule(self.adapter.blocks))  # type: ignore[arg-type]

    @property
    def hidden_size(self) -> int:
        """Width of the residual stream."""
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def max_positions(self) -> int | None:
        """How many tokens the model takes, prompt and continuation together; None: no limit."""
        config = self.model.config
        for key in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"):
            value = getattr(config, key, None)
            if isinstance(value, int) and value > 0:
                return value
        return None

    def check_layer(self, layer: int) -> None:
        """Raise where there is no such layer.

        Raises:
            ModelError: Names the layer and how many there are.
        """
        if not 0 <= layer < self.n_layers:
            raise ModelError(
                f"there is no layer {layer}: {self.name} has {self.n_layers}",
                f"choose one from 0 to {self.n_layers - 1}",
            )

    def weight_name(self, layer: int) -> str:
        """Parameter name of the edited weight at a layer.

        Raises:
            ModelError: There is no such layer.
        """
        self.check_layer(layer)
        return self.adapter.weight_name(layer)

    def linear_view(self, weight_name: str) -> Tensor:
        """The live weight as [d_out, d_in], a view whatever way round it is stored.

        Raises:
            ModelError: There is no such weight.
        """
        try:
            module = self.model.get_submodule(weight_name.removesuffix(".weight"))
        except AttributeError:
            raise ModelError(
                f"{self.name} has no weight {weight_name}", "is it another model?"
            ) from None
        weight = module.weight
        assert isinstance(weight, Tensor)
        return weight.detach().T if is_transposed(module) else weight.detach()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No parameter takes a gradient inside; each is as it was afterwards."""
        held = [p for p in self.model.parameters() if p.requires_grad]
        for parameter in held:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in held:
                parameter.requires_grad_(True)


def wrap_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    name: str,
    *,
    revision: str | None = None,
    path: str | None = None,
) -> LoadedModel:
    """Stand for a model that is in memory already.

    Raises:
        ModelError: It can't be edited, or its tokenizer gives no offsets.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"the tokenizer of {name} gives no character offsets",
            "romebench needs a fast tokenizer (tokenizer.json)",
        )
    model.eval()
    return LoadedModel(name, model, tokenizer, adapter_for(model), revision, path)


def load_model(
    name: str,
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LoadedModel:
    """Load by name: "pocket", a folder, or a hub name.

    Args:
        device: "auto" (CUDA where there is one), "cpu", "cuda", "cuda:1", or "map" to spread a
            model over all devices through accelerate.
        dtype: "auto", or one of float32, float64, bfloat16, float16. Auto is the checkpoint's own
            on CUDA and float32 on the CPU.

    Raises:
        ModelError: It can't be found, read or edited.
        OutOfMemoryError: It doesn't fit the device.
    """
    check(stop, f"loading {name}")
    progress(Progress(f"loading {name}", 0, 3, "transformers"))
    source = _source(name)
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    shared: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
    if Path(source).is_dir() or not hub_answers():
        # Without this, transformers retries for half a minute before it gives up.
        shared["local_files_only"] = True
    where = _device(device)
    with _named_failures(name, source), _quiet():
        config = AutoConfig.from_pretrained(source, **shared)
        tokenizer = AutoTokenizer.from_pretrained(source, **shared)
        check(stop, f"loading {name}")
        progress(Progress(f"loading {name}", 1, 3, "weights"))
        precision = _dtype(dtype, name, where, config)
        model, report = AutoModelForCausalLM.from_pretrained(
            source,
            config=config,
            dtype=precision,
            # fp64 is for agreement with published results, which were computed this way.
            attn_implementation="eager" if precision is torch.float64 else None,
            use_safetensors=True,
            device_map="auto" if where == "map" else None,
            output_loading_info=True,
            **shared,
        )
        if where != "map":
            model = model.to(torch.device(where))  # type: ignore[arg-type]
    _complete(name, report)
    check(stop, f"loading {name}")
    progress(Progress(f"loading {name}", 2, 3, "fingerprint"))
    loaded = wrap_model(model, tokenizer, name, revision=revision, path=str(source))
    _ = loaded.model_sha256, loaded.tokenizer_sha256
    progress(Progress(f"loading {name}", 3, 3))
    return loaded


def _complete(name: str, report: dict[str, Any]) -> None:
    """Refuse a checkpoint whose gaps were filled with random numbers."""
    missing = sorted(report.get("missing_keys", ()))
    mismatched = sorted(str(item[0]) for item in report.get("mismatched_keys", ()))
    for keys, what in ((missing, "has no weights for"), (mismatched, "has the wrong shape for")):
        if keys:
            raise ModelError(
                f"the checkpoint of {name} {what} {keys[0]}"
                + (f" and {len(keys) - 1} more" if len(keys) > 1 else ""),
                "is it a checkpoint of this very architecture, saved whole?",
            )


def _source(name: str) -> str:
    """Where `name` is loaded from: a folder, or the name itself for the hub."""
    if name == POCKET:
        from .pocket import model_path

        return str(model_path())
    folder = Path(name).expanduser()
    if folder.exists():
        return _checked_folder(folder)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"there is no folder {name!r}", "name a folder with config.json")
    return name


def hub_answers(timeout_s: float = 3.0) -> bool:
    """Whether the model hub can be reached; a proxy is taken to lead there."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    address = urlsplit(constants.ENDPOINT)
    if getproxies().get(address.scheme):
        return True
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def _checked_folder(folder: Path) -> str:
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file", "name the folder that holds config.json")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} has no config.json", "name a folder written by save_pretrained")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} has no safetensors weights",
            "save the model with save_pretrained; pickled weights are not read",
        )
    return str(folder)


def _device(device: str) -> str:
    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if device == "map":
        return device
    try:
        parsed = torch.device(device)
    except RuntimeError:
        raise ModelError(f"{device!r} names no device", "give auto, cpu, cuda or map") from None
    if parsed.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"{device!r} was asked for, but there is no CUDA device", "use cpu")
    return f"cuda:{parsed.index or 0}" if parsed.type == "cuda" else str(parsed)


def _dtype(dtype: str, name: str, where: str, config: Any) -> torch.dtype:
    if dtype != "auto":
        if dtype not in _DTYPES:
            raise ModelError(
                f"{dtype!r} names no dtype", f"give auto or one of {', '.join(_DTYPES)}"
            )
        return _DTYPES[dtype]
    own: object = getattr(config, "dtype", None)
    if own is torch.float64:
        return torch.float64
    # Half precision is slow on a CPU, and pocket is fp16 on disk only to be small.
    if where == "cpu" or name == POCKET or not isinstance(own, torch.dtype):
        return torch.float32
    return own


@contextmanager
def _named_failures(name: str, source: str) -> Iterator[None]:
    """Turn what transformers raises into one clear line."""
    try:
        yield
    except torch.cuda.OutOfMemoryError:
        raise OutOfMemoryError(
            f"{name} does not fit the device", "use --dtype bfloat16, --device map or --device cpu"
        ) from None
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        logger.info("loading %s failed", name, exc_info=True)
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if Path(source).is_dir():
            raise ModelError(
                f"{name} can't be loaded: {first}", "is the folder a complete transformers model?"
            ) from error
        raise ModelError(
            f"no model named {name!r} is here, and the hub gave none: {first}",
            "name a folder, a hub model that is in the cache, or pocket",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' own bars and warnings off the screen; they stay in the log."""
    from transformers.utils import logging as hf_logging

    verbosity = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        hf_logging.set_verbosity(verbosity)


def named_module(model: nn.Module, path: str) -> nn.Module:
    """The submodule at `path`, or the model itself for an empty path."""
    return model.get_submodule(path) if path else model
