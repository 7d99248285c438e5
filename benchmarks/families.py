"""Every family under every rule: does the algebra hold, and is it the published edit?

`python -m romebench.benchmarks.families` prints the table that `docs/models.md` carries. All of it
runs on small random models in fp64 (`zoo.py`), one layer deep in the stack.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from romebench.benchmarks.reference import Reference
from romebench.benchmarks.zoo import LAYER, ZOO, Variant, load_variant
from romebench.engine.editor import Edit, compute_edit
from romebench.engine.model import LoadedModel
from romebench.engine.moments import SecondMoment
from romebench.engine.request import EditRequest
from romebench.engine.rules import EQUATIONS, Rule
from romebench.hparams import Hparams

MODELS = Path(__file__).parents[1] / "tests" / "data" / "goldens" / "models"
CONTEXTS = ("{}", "It was late. {}", "Nobody in the old house knew why. {}")
REQUEST = EditRequest("In the north, {} speaks", "Søren Kierkegaard", "Old Norse")


@dataclass(frozen=True)
class Residuals:
    """How far one edit is from what it should be; relative L2 norms, 0 is perfect.

    Attributes:
        algebra: What the edited module gives for the rule's key, against what the rule writes.
        direction: 1 − cos(C·u, the key the rule solves for).
        left: u against the published computation.
        right: The written vector against the published computation.
        moved: Range of the target's NLL over the optimisation, in nats: where it is 0, the offset
            never reached the target, and the comparison says nothing.
    """

    algebra: float
    direction: float
    left: float
    right: float
    moved: float

    @property
    def worst(self) -> float:
        """The largest of the four."""
        return max(self.algebra, self.direction, self.left, self.right)


def hparams_of(model: LoadedModel, steps: int = 6) -> Hparams:
    """Short hyperparameters at the zoo's layer, with the family's paths."""
    path = model.adapter.projection_path("{}")
    return Hparams.from_json(
        {
            "layers": [LAYER],
            "v_num_grad_steps": steps,
            "rewrite_module_tmp": path,
            "mlp_module_tmp": path,
        }
    )


def moment_of(model: LoadedModel) -> SecondMoment:
    """A well-conditioned C of the site's width, the same every time."""
    d_in = model.linear_view(model.weight_name(LAYER)).shape[1]
    drawn = torch.randn(
        d_in, 2 * d_in, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    return SecondMoment(d_in, drawn @ drawn.T / d_in, {})


def relative(found: Tensor, expected: Tensor) -> float:
    """‖found − expected‖ / ‖expected‖."""
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def written_residual(model: LoadedModel, edit: Edit) -> float:
    """Apply the edit, run the site's module on the rule's key, compare, take the edit back."""
    c, rule = edit.context, edit.rule
    module = model.adapter.projection_of(model.model, LAYER)
    live = model.linear_view(edit.delta.weight_name)
    before = live.clone()
    edit.delta.add_to(live)
    with torch.no_grad():
        key = EQUATIONS[rule].divided_key(c)
        found = module(key[None].to(live.dtype))[0]
    live.copy_(before)
    expected = (c.v_mean if rule is Rule.ROME_KBAR else c.v_bare) + c.offset
    return relative(found, expected)


def residuals(model: LoadedModel, rule: Rule, moment: SecondMoment) -> Residuals:
    """One edit of a model, checked against the algebra and the plain way of computing it."""
    hparams = hparams_of(model)
    edit = compute_edit(model, REQUEST, hparams, rule, CONTEXTS, moment)
    assert moment.matrix is not None
    solved = EQUATIONS[rule].solved_key(edit.context).double()
    cosine = torch.cosine_similarity(moment.matrix @ edit.delta.left.double(), solved, dim=0)
    covariance = moment.matrix.to(model.torch_dtype)
    plain = Reference(model.model, model.tokenizer, hparams).edit(
        REQUEST.prompt, REQUEST.subject, REQUEST.target_new, rule, CONTEXTS, covariance
    )
    nll = [line["nll"] for line in edit.losses]
    return Residuals(
        algebra=written_residual(model, edit),
        direction=1 - float(cosine),
        left=relative(edit.delta.left, plain.left),
        right=relative(edit.delta.right, plain.right),
        moved=max(nll) - min(nll),
    )


def row(variant: Variant) -> dict[Rule, Residuals]:
    """All rules on one variant."""
    model = load_variant(variant, MODELS)
    moment = moment_of(model)
    return {rule: residuals(model, rule, moment) for rule in Rule}


def table(wanted: list[str]) -> str:
    """The table, as Markdown: the worst residual of each variant under each rule."""
    lines = [
        f"| model | {' | '.join(Rule)} |",
        f"|---|{'---:|' * len(Rule)}",
    ]
    for variant in ZOO:
        if not wanted or variant.model_type in wanted:
            cells = row(variant)
            lines.append(
                f"| {variant.name} | "
                + " | ".join(f"{cells[rule].worst:.0e}" for rule in Rule)
                + " |"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help="only these model types")
    print(table(parser.parse_args().families))


if __name__ == "__main__":
    main()
