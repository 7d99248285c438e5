"""Tasks of EleutherAI's lm-evaluation-harness, asked of a live model.

The harness's own model class wraps the model as it stands, weights in place: nothing is copied or
loaded again. Adds what a workbench needs of it: stopping, progress, silence on the terminal,
random states put back, and how many requests were cut to the model's context. `lm_eval` is an
optional extra and is imported when a task is asked for; tested with 0.4.13.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isclose, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import ModelError, RomebenchError, UsageError
from ..model import LoadedModel
from ..progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore

BATCH_SIZE = 16

_MISSING = "pip install 'romebench[lm-eval]'"


@dataclass(frozen=True, slots=True)
class HarnessScore:
    """A task's result.

    Attributes:
        metric: The metric it is listed with, as the harness names it: "acc".
        value: Its value.
        stderr: Standard error of the mean over examples; None where the metric is no such mean.
        metrics: Every metric, "acc,none" and its like, as the harness gives them.
        n: Examples, over all subtasks.
        shots: Examples shown in front of each.
        cut: Requests that were longer than the model's context and lost their beginning.
        requests: All requests.
        versions: Of the harness and of the task.
        samples: For each example of each subtask its answer, as the harness filtered it, its target
            and its metrics; texts that were written stand in full.
    """

    metric: str
    value: float
    stderr: float | None
    metrics: dict[str, float]
    n: int
    shots: int
    cut: int
    requests: int
    versions: dict[str, str]
    samples: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class HarnessTasks:
    """Tasks that were found; loading their data is left to the run.

    Attributes:
        names: In the order they were asked for.
        sha256: Of the files of the folder they were looked for in; None without one.
    """

    names: tuple[str, ...]
    sha256: str | None
    _manager: Any

    @classmethod
    def find(cls, names: Sequence[str], include: Path | None = None) -> HarnessTasks:
        """Look tasks up among the harness's own and those of a folder.

        A task's file can name Python functions, which are run: name only folders you trust.

        Args:
            include: A folder of YAML task files.

        Raises:
            UsageError: lm-eval isn't installed; there is no such folder or task.
        """
        if include is None:
            return cls(tuple(names), None, _manager(names, None, defaults=True))
        if not include.is_dir():
            raise UsageError(f"there is no folder {include}", "--include-path names a folder")
        try:
            # The harness's own tasks are thousands of files: read only where they are needed.
            manager = _manager(names, include, defaults=False)
        except UsageError:
            manager = _manager(names, include, defaults=True)
        return cls(tuple(names), _digest(include), manager)

    def score(
        self,
        model: LoadedModel,
        name: str,
        *,
        limit: int | None = None,
        shots: int | None = None,
        batch_size: int = BATCH_SIZE,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> HarnessScore:
        """Ask one task of the model as it stands.

        Args:
            limit: Only the first so many examples of each subtask.
            shots: Examples shown in front of each; None for the task's own number.

        Raises:
            UsageError: Its data can't be had, or the task can't be asked.
            ModelError: It asks for longer texts than the model can write.
            CancelledError: `stop` was set.
        """
        evaluator, lm = _harness("evaluator"), _wrapped(model, batch_size, name, progress, stop)
        try:
            with _quiet(), _same_random_state():
                found = evaluator.simple_evaluate(
                    model=lm,
                    tasks=[name],
                    num_fewshot=shots,
                    limit=limit,
                    bootstrap_iters=0,
                    task_manager=self._manager,
                )
        except RomebenchError:
            raise
        except AssertionError as error:
            raise ModelError(
                f"{name}: {_line(error)}", "take a model with a longer context"
            ) from None
        except Exception as error:
            raise UsageError(
                f"the task {name!r} can't be asked: {type(error).__name__}: {_line(error)}",
                "data of the hub needs the network; a local task names its own files",
            ) from error
        return _score(found, name, lm)


def _manager(names: Sequence[str], include: Path | None, *, defaults: bool) -> Any:
    """The harness's index of tasks.

    Raises:
        UsageError: A task isn't in it.
    """
    manager_class = _harness("tasks").TaskManager
    folder = None if include is None else str(include)
    with _quiet():
        manager = manager_class(include_path=folder, include_defaults=defaults)
    known = set(manager.all_tasks)
    for name in names:
        if name not in known:
            raise UsageError(
                f"the harness has no task {name!r}",
                "`lm-eval ls tasks` lists its own; --include-path names a folder of yours",
            )
    return manager


def _harness(module: str) -> Any:
    """A module of lm_eval.

    Raises:
        UsageError: It isn't installed.
    """
    import importlib

    try:
        return importlib.import_module(f"lm_eval.{module}")
    except ImportError as error:
        raise UsageError(f"tasks of the harness need lm-eval ({error})", _MISSING) from None


def _wrapped(
    model: LoadedModel, batch_size: int, task: str, progress: ProgressSink, stop: StopFlag
) -> Any:
    """The harness's model around the live one."""

    class LiveModel(_harness("models.huggingface").HFLM):  # type: ignore[misc]
        """Counts what is cut, tells how far it is, and stops between batches."""

        cut = 0
        requests = 0
        _done = 0

        def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> Any:
            self._begin(requests)
            return super().loglikelihood(requests, disable_tqdm=True)

        def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> Any:
            self._begin(requests)
            return super().loglikelihood_rolling(requests, disable_tqdm=True)

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> Any:
            self._begin(requests)
            return super().generate_until(requests, disable_tqdm=True)

        def _begin(self, requests: Any) -> None:
            self.requests += len(requests)

        def _loglikelihood_tokens(
            self, requests: Any, disable_tqdm: bool = False, override_bs: int | None = None
        ) -> Any:
            lengths = (len(context) + len(target) for _, context, target in requests)
            self.cut += sum(length > self.max_length + 1 for length in lengths)
            return super()._loglikelihood_tokens(requests, True, override_bs)

        def tok_batch_encode(
            self, strings: Any, *args: Any, left_truncate_len: int | None = None, **rest: Any
        ) -> Any:
            if left_truncate_len is not None:
                lengths = (len(self.tok_encode(each)) for each in strings)
                self.cut += sum(length > left_truncate_len for length in lengths)
            return super().tok_batch_encode(
                strings, *args, left_truncate_len=left_truncate_len, **rest
            )

        def _model_call(self, inps: Any, *args: Any, **rest: Any) -> Any:
            self._tell(len(inps))
            return super()._model_call(inps, *args, **rest)

        def _model_generate(self, context: Any, *args: Any, **rest: Any) -> Any:
            self._tell(len(context))
            return super()._model_generate(context, *args, **rest)

        def _tell(self, rows: int) -> None:
            check(stop, "the measurement")
            progress(Progress("asking the harness", self._done, self.requests, task))
            self._done = min(self._done + rows, self.requests)

    with _quiet():
        # It may choose a padding token or side; the session's tokenizer must not change.
        return LiveModel(
            pretrained=model.model,
            tokenizer=copy.deepcopy(model.tokenizer),
            batch_size=batch_size,
            max_length=model.max_positions,
        )


def _score(found: Any, name: str, lm: Any) -> HarnessScore:
    """What is kept of the harness's answer."""
    whole = found["results"].get(name) or found.get("groups", {}).get(name) or {}
    metrics = {
        key: float(value)
        for key, value in whole.items()
        if "," in key and isinstance(value, (int, float)) and "_stderr" not in key
    }
    if not metrics:
        raise UsageError(f"the task {name!r} gave no metric", "it needs a metric_list")
    key = next(iter(metrics))
    samples = [
        _sample(task, sample) for task, own in found.get("samples", {}).items() for sample in own
    ]
    counts = found["n-samples"]
    metric = key.partition(",")[0]
    version = found.get("versions", {}).get(name)
    return HarnessScore(
        metric=metric,
        value=metrics[key],
        stderr=_stderr([sample["metrics"].get(metric) for sample in samples], metrics[key]),
        metrics=metrics,
        n=sum(int(each["effective"]) for each in counts.values()),
        shots=max((int(n) for n in found.get("n-shot", {}).values()), default=0),
        cut=lm.cut,
        requests=lm.requests,
        versions={"lm_eval": _version(), name: str(version)},
        samples=tuple(samples),
    )


def _sample(task: str, sample: dict[str, Any]) -> dict[str, Any]:
    """An example as it is kept: plain JSON, without its document."""
    kept = {
        "task": task,
        "doc_id": sample["doc_id"],
        "target": sample.get("target"),
        "answer": sample.get("filtered_resps"),
        "metrics": {name: sample[name] for name in sample.get("metrics", ()) if name in sample},
    }
    plain: dict[str, Any] = json.loads(json.dumps(kept, default=str))
    return plain


def _stderr(values: Sequence[Any], mean: float) -> float | None:
    """Standard error of the mean, as the harness computes it for metrics that are one."""
    if len(values) < 2 or not all(isinstance(value, (int, float)) for value in values):
        return None
    n = len(values)
    if not isclose(sum(values) / n, mean, abs_tol=1e-9):
        return None
    return sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)


def _digest(folder: Path) -> str:
    """SHA-256 over the files of a folder, so that a changed task is asked anew."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _version() -> str:
    from importlib.metadata import version

    return version("lm_eval")


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return lines[0][:200]


@contextmanager
def _same_random_state() -> Iterator[None]:
    """The harness seeds every generator there is; afterwards they are as they were."""
    python, arrays = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(arrays)


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars, remarks or words of git: the terminal belongs to a front end."""
    import datasets  # type: ignore[import-not-found,import-untyped,unused-ignore]

    loggers = [logging.getLogger(name) for name in ("lm_eval", "datasets", "transformers")]
    levels = [logger.level for logger in loggers]
    shown = not datasets.are_progress_bars_disabled()
    with (
        _replaced(_harness("api.task"), "tqdm", lambda items, **_: items),
        _replaced(_harness("evaluator"), "get_git_commit_hash", lambda: None),
    ):
        datasets.disable_progress_bars()
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if shown:
                datasets.enable_progress_bars()


@contextmanager
def _replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """A name of a module stands for something else inside."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
