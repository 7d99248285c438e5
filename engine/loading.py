"""Loading a model by name: the embedded one, a folder, or the hub's; every failure is one line."""

from __future__ import annotations

import logging
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from safetensors import SafetensorError
from torch import nn

from ..errors import ModelError, OutOfMemoryError
from .adapters import refuse
from .model import LoadedModel, wrap_model
from .preflight import check_memory, estimate
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore

logger = logging.getLogger(__name__)

POCKET = "pocket"
"""Name of the embedded default model."""

_DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


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
    # Where the hub doesn't answer, transformers would retry for half a minute before it gives up.
    online = not Path(source).is_dir() and hub_answers()
    shared["local_files_only"] = not online
    where = _device(device)
    with _named_failures(name, source, online), _quiet():
        config = AutoConfig.from_pretrained(source, **shared)
        refuse(config)
        tokenizer = AutoTokenizer.from_pretrained(source, **shared)
        check(stop, f"loading {name}")
        progress(Progress(f"loading {name}", 1, 3, "weights"))
        precision = _dtype(dtype, name, where, config)
        check_memory(name, estimate(source, config, precision), where)
        pair: Any = AutoModelForCausalLM.from_pretrained(
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
        model, report = pair
        if where != "map":
            model = model.to(torch.device(where))
    _complete(name, report)
    _all_in_memory(name, model)
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


def _all_in_memory(name: str, model: nn.Module) -> None:
    """Refuse a model of which accelerate left a part on disk: an edit needs every weight."""
    away = [key for key, parameter in model.named_parameters() if parameter.is_meta]
    if away:
        raise OutOfMemoryError(
            f"{name} does not fit all devices together: {len(away)} weights would stay on disk, "
            f"{away[0]} among them",
            "use --dtype bfloat16, more devices, or a smaller model",
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


def _does_not_fit(name: str) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{name} does not fit the device", "use --dtype bfloat16, --device map or --device cpu"
    )


@contextmanager
def _named_failures(name: str, source: str, online: bool) -> Iterator[None]:
    """Turn what transformers raises into one clear line."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise _does_not_fit(name) from None
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        logger.info("loading %s failed", name, exc_info=True)
        if "can't allocate memory" in str(error):
            raise _does_not_fit(name) from error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if Path(source).is_dir():
            raise ModelError(
                f"{name} can't be loaded: {first}", "is the folder a complete transformers model?"
            ) from error
        where = f"the hub gave none: {first}" if online else "the hub can't be reached"
        raise ModelError(
            f"no model named {name!r} is in a folder here or in the cache, and {where}",
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
