"""The engine agrees with the published code: every delta, loss, lookup and early stop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from romebench.engine.editor import compute_edit
from romebench.engine.loading import load_model
from romebench.engine.moments import load_statistics
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.engine.tokens import context_row, kl_row
from romebench.hparams import FactToken, Hparams

GOLDENS = Path(__file__).parents[1] / "data" / "goldens"
CASES = sorted(path.stem for path in (GOLDENS / "edits").glob("*.json"))
CONTEXTS = tuple(json.loads((GOLDENS / "context_templates.json").read_text()))


def tolerance(model: str, dtype: str) -> float:
    """GPT-2 is fp64 throughout; transformers computes parts of the others in fp32."""
    if dtype == "f32":
        return 5e-4
    return 1e-9 if model.startswith("gpt2") else 1e-5


def relative(found: Tensor, expected: Tensor) -> float:
    """Relative L2 difference; the absolute one where zero is expected (a target already said)."""
    distance = (found.double() - expected.double()).norm()
    return float(distance / (expected.double().norm() or 1.0))


def request_of(step: dict[str, object]) -> EditRequest:
    raw = step["request"]
    assert isinstance(raw, dict)
    target = raw["target_new"]
    return EditRequest(
        raw["prompt"], raw["subject"], target["str"] if isinstance(target, dict) else target
    )


@pytest.mark.parametrize("case", CASES)
def test_edits_agree_with_the_published_code(case: str) -> None:
    meta = json.loads((GOLDENS / "edits" / f"{case}.json").read_text())
    expected = load_file(GOLDENS / "edits" / f"{case}.safetensors")
    folder = GOLDENS / "models" / meta["model"]
    dtype = {"f32": "float32", "f64": "float64"}[meta["dtype"]]
    bound = tolerance(meta["model"], meta["dtype"])
    model = load_model(str(folder), dtype=dtype, device="cpu")
    hparams = Hparams.from_json(meta["hparams"])
    name = model.weight_name(hparams.layer)
    assert name == meta["weight_name"]
    live = model.linear_view(name)
    moment = load_statistics(folder / "covariance.npy", d_in=live.shape[1], weight_name=name)
    for i, step in enumerate(meta["steps"]):
        edit = compute_edit(
            model, request_of(step), hparams, Rule(meta["variant"]), CONTEXTS, moment
        )
        edit.delta.add_to(live)
        assert relative(edit.delta.left, expected[f"{i}.left"]) < bound
        assert relative(edit.delta.right, expected[f"{i}.right"]) < bound
        assert relative(edit.context.offset, expected[f"{i}.delta"]) < bound
        assert relative(edit.context.v_bare, expected[f"{i}.target_init"]) < bound
        terms = ("loss", "nll", "kl", "weight_decay", "prob")
        losses = torch.tensor([[line[term] for term in terms] for line in edit.losses])
        assert losses.shape == expected[f"{i}.losses"].shape
        # The losses were recorded in fp32, whatever they were computed in.
        assert torch.allclose(
            losses.double(), expected[f"{i}.losses"].double(), rtol=5e-4, atol=2e-6
        )
        assert edit.diagnostics["early_stop"] is step["early_stop"]
        assert edit.diagnostics["clamped_steps"] == step["clamped_steps"]
        assert edit.diagnostics["divisor"] == pytest.approx(step["division_factor"], rel=bound)
        assert edit.diagnostics["clamp_norm"] == pytest.approx(step["clamp_max_norm"], rel=bound)
    final = expected["4.weight"]
    assert relative(live, final if final.shape == live.shape else final.T) < bound


@pytest.mark.parametrize("case", [c for c in CASES if c.endswith("f64")])
def test_rows_are_tokenised_as_published(case: str) -> None:
    meta = json.loads((GOLDENS / "edits" / f"{case}.json").read_text())
    expected = load_file(GOLDENS / "edits" / f"{case}.safetensors")
    model = load_model(str(GOLDENS / "models" / meta["model"]), device="cpu")
    hparams = Hparams.from_json(meta["hparams"])
    for i, step in enumerate(meta["steps"]):
        request = request_of(step)
        rows = [
            context_row(model.tokenizer, request, template, hparams.fact_token)
            for template in CONTEXTS
        ]
        rows.append(kl_row(model.tokenizer, request.subject, hparams.fact_token))
        assert [row.lookup for row in rows] == step["lookup_idxs"]
        for j, row in enumerate(rows):
            ids = expected[f"{i}.input_ids"][j].tolist()
            assert list(row.ids) == ids[: len(row.ids)]
            if row.targets:
                labels = expected[f"{i}.rewriting_targets"][j].tolist()
                n = len(row.targets)
                assert labels[len(row.ids) - n : len(row.ids)] == list(row.targets)
                assert sum(label != -100 for label in labels) == n


@pytest.mark.parametrize("kind", ["last", "first", "first_after_last"])
def test_lookup_indices_of_every_fact_token_agree(kind: str) -> None:
    recorded = json.loads((GOLDENS / "other" / "other.json").read_text())["lookup_idxs"]
    requests = {r["case_id"]: r for r in json.loads((GOLDENS / "requests.json").read_text())}
    model = load_model(str(GOLDENS / "models" / "gpt2"), device="cpu")
    entries = [entry for entry in recorded if entry["subtoken"] == kind]
    assert len(entries) == len(requests)
    for entry in entries:
        raw = requests[entry["case_id"]]
        request = EditRequest(raw["prompt"], raw["subject"], raw["target_new"]["str"])
        found = [
            context_row(model.tokenizer, request, template, FactToken(f"subject_{kind}")).lookup
            for template in CONTEXTS
        ]
        assert found == entry["idxs"]
