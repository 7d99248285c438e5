"""The normal range of single edits on one model at one site, and where it is kept.

A calibration belongs to a model by fingerprint, a site, C or C = I, and the hyperparameters that
decide how large an edit is. It lies as JSON beside the store, or ships with the model. Knows no
model; never imports torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...engine.pocket import calibration_path
from ...errors import FileFormatError, StoreError
from ...hparams import Hparams
from ...store.records import Json

VERSION = 1

FIGURES = ("delta_ratio", "key_ratio", "perplexity_ratio", "entropy_ratio")
"""The vitals that a calibration holds ranges of."""

DECIDING = (
    "fact_token",
    "v_num_grad_steps",
    "v_lr",
    "v_loss_layer",
    "v_weight_decay",
    "clamp_norm_factor",
    "kl_factor",
    "mom2_ridge",
)
"""The hyperparameters under which a calibration holds; `mom2_ridge` says nothing where C = I."""

NOT_CALIBRATED = "no calibration for this model and site: `calibrate` makes one"

FOLDER = "calibration"


@dataclass(frozen=True, slots=True)
class Range:
    """Where a figure lay over single edits from the base.

    Attributes:
        n: Over how many edits.
        low: The least.
        q05: Its 5 % quantile; the others likewise, interpolated linearly.
        high: The most.
    """

    n: int
    low: float
    q05: float
    q50: float
    q95: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Range:
        """The range of some values.

        Raises:
            ValueError: There are none.
        """
        ordered = sorted(values)
        if not ordered:
            raise ValueError("no values")
        q05, q50, q95 = (_quantile(ordered, share) for share in (0.05, 0.5, 0.95))
        return cls(len(ordered), ordered[0], q05, q50, q95, ordered[-1])


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is normal for one edit, and how that was found.

    Attributes:
        model: The model's name when it was calibrated.
        model_sha256: Its fingerprint.
        weight_name: The site.
        identity: C = I.
        hparams: Those the edits were made with.
        source: Where the requests came from, how many, their SHA-256, the seed of the draw.
        base: The unedited model's health.
        rules: For each rule, the ranges of `FIGURES`, and "efficacy", the share in force.
        made_at: When, ISO 8601 in UTC.
        versions: Of romebench, torch, transformers.
    """

    model: str
    model_sha256: str
    weight_name: str
    identity: bool
    hparams: Json
    source: Json
    base: Json
    rules: Mapping[str, Mapping[str, Range]]
    made_at: str
    versions: Json

    def differing(self, hparams: Mapping[str, Any]) -> str:
        """How the hyperparameters it was made with differ from others in what decides the size of
        an edit: "v_lr 0.5, not 2.0"; empty where they don't."""
        made = deciding(self.hparams, identity=self.identity)
        here = deciding(hparams, identity=self.identity)
        return ", ".join(
            f"{name} {value}, not {here[name]}"
            for name, value in made.items()
            if value != here[name]
        )

    def to_json(self) -> Json:
        """A JSON object."""
        return {"type": "calibration", "version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote.

        Raises:
            FileFormatError: It is something else, or of a later version.
        """
        if data.get("type") != "calibration" or data.get("version") != VERSION:
            raise FileFormatError(
                "not a calibration of this version of romebench", "run `romebench calibrate` again"
            )
        try:
            values = {name: data[name] for name in cls.__dataclass_fields__}
            values["rules"] = {
                rule: {name: Range(**figures) for name, figures in ranges.items()}
                for rule, ranges in data["rules"].items()
            }
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise FileFormatError(
                f"a damaged calibration ({error})", "run `romebench calibrate` again"
            ) from None


def deciding(hparams: Mapping[str, Any], *, identity: bool) -> Json:
    """The hyperparameters that decide how large a single edit is; the site is not among them."""
    given = Hparams.from_json({"layers": [0], **hparams}).to_json()
    return {name: given[name] for name in DECIDING if not (identity and name == "mom2_ridge")}


def calibration_file(
    store: Path, model_sha256: str, weight_name: str, hparams: Mapping[str, Any], *, identity: bool
) -> Path:
    """Where the calibration of a site under some hyperparameters lies, beside a store.

    Args:
        store: The store's file.
    """
    text = json.dumps(deciding(hparams, identity=identity), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return store.parent / FOLDER / f"{_stem(model_sha256, weight_name, identity)}.{digest}.json"


def _stem(model_sha256: str, weight_name: str, identity: bool) -> str:
    return f"{model_sha256[:16]}.{weight_name}.{'identity' if identity else 'C'}"


@dataclass(frozen=True, slots=True)
class Search:
    """What was found for a site and some hyperparameters.

    Attributes:
        calibration: It, or None.
        reason: Why there is none; empty where there is one.
    """

    calibration: Calibration | None
    reason: str = ""


def find_calibration(
    store: Path, model_sha256: str, weight_name: str, hparams: Mapping[str, Any], *, identity: bool
) -> Search:
    """The user's own calibration of a site, else the one that ships with the model, if any.

    One that was made with other hyperparameters does not count: what is normal there is not
    normal here.

    Raises:
        FileFormatError: A file that is there can't be read.
    """
    own = calibration_file(store, model_sha256, weight_name, hparams, identity=identity)
    others = sorted(own.parent.glob(f"{_stem(model_sha256, weight_name, identity)}.*json"))
    asked, reason = (model_sha256, weight_name, identity), ""
    for path in dict.fromkeys((own, *others, calibration_path(weight_name))):
        found = read_calibration(path) if path.is_file() else None
        if not found or (found.model_sha256, found.weight_name, found.identity) != asked:
            continue
        differing = found.differing(hparams)
        if not differing:
            return Search(found)
        reason = f"this site was calibrated with {differing}: `calibrate` makes one for these"
    return Search(None, reason or NOT_CALIBRATED)


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises:
        FileFormatError: It can't be read, or is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"{path}: {error}", "remove it and run `romebench calibrate` again"
        ) from None
    if not isinstance(data, dict):
        raise FileFormatError(f"{path} is no calibration", "remove it and calibrate again")
    return Calibration.from_json(data)


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration, all of it or nothing.

    Raises:
        StoreError: It can't be written.
    """
    text = json.dumps(calibration.to_json(), ensure_ascii=False, indent=1) + "\n"
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise StoreError(f"can't write {path}: {error.strerror or error}", "make room") from None
