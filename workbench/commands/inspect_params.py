"""What the inspecting commands take: where to look, and how to read, trace and push."""

from __future__ import annotations

from .spec import Params, param


class LookParams(Params):
    """Where to look, and what to write besides."""

    prompt: tuple[str, ...] = param(
        "The prompt. - reads it from standard input.",
        default=(),
        argument=True,
        completes="text",
        metavar="PROMPT",
    )
    at: str = param(
        "Whose weights: cursor, base, a step or a branch.", default="cursor", completes="ref"
    )
    csv: str | None = param("Write the figures to a CSV file.", default=None, completes="file")
    plot: str | None = param(
        "Draw to a .png, .svg or .pdf file (needs the plots extra).",
        default=None,
        completes="file",
        metavar="FILE",
    )
    force: bool = param("Overwrite files.", "-f", default=False)


class LensParams(LookParams):
    """How to read the layers."""

    compare: bool = param("The base beside it, changed rows marked.", "-c", default=False)
    against: str | None = param(
        "Another step to put beside it instead of the base.", default=None, completes="ref"
    )
    position: int = param("The token; negative counts from the end.", "-p", default=-1)
    top: int = param("Tokens to show of each layer.", "-k", default=5, minimum=1)
    watch: str | None = param(
        "Words to follow through the layers, commas between.", "-w", default=None
    )


class TraceParams(LookParams):
    """How to trace."""

    subject: str | None = param("The subject, where it isn't in [ ].", "-s", default=None)
    answer: str | None = param(
        "The answer to follow. [default: the model's own]", "-a", default=None
    )
    compare: bool = param("The trace at the base beside it.", "-c", default=False)
    against: str | None = param(
        "Another step to put beside it instead of the base.", default=None, completes="ref"
    )
    kind: str = param(
        "What is restored: one state, or a window of MLP or attention outputs.",
        default="states",
        choices=("states", "mlp", "attn"),
    )
    window: int = param("Layers restored together.", default=10, minimum=1)
    severed: str = param(
        "Keep these outputs of the token corrupted above a restored state.",
        default="none",
        choices=("none", "mlp", "attn"),
    )
    noise: str = param(
        "s3: 3 times the embeddings' spread; 0.1; u0.5: uniform; m: multivariate; t3: Student's.",
        default="s3",
    )
    replace: bool = param("Noise takes the embeddings' place.", default=False)
    samples: int = param("Draws of the noise.", default=10, minimum=1)
    facts: str | None = param(
        "Average over a file of facts instead of one prompt.", default=None, completes="file"
    )
    cases: str | None = param(
        "Keep each traced fact in this file; the same call goes on from it.",
        default=None,
        completes="file",
    )
    limit: int | None = param("Take only the first facts.", "-n", default=None, minimum=1)
    any_answer: bool = param(
        "Trace facts the model doesn't know too, with its own answer.", default=False
    )


class VectorsParams(LookParams):
    """Which vector, where to, and what to hold it against."""

    source: str | None = param(
        "Prompt whose MLP output is the vector; | between several. [default: the prompt itself]",
        "--from",
        default=None,
        completes="text",
        metavar="PROMPT",
    )
    vector: str | None = param("A .npy file with the vector.", default=None, completes="file")
    layer: int | None = param(
        "Layer of the MLP the vector is taken from. [default: the answer's boundary]",
        "-l",
        default=None,
        completes="layer",
        minimum=0,
    )
    act: str = param(
        "read: each layer by itself; residual: added and passed on; ffn: in the MLP's place.",
        default="read",
        choices=("read", "residual", "ffn"),
    )
    to: int | None = param(
        "First layer acted on. [default: the vector's own]",
        default=None,
        completes="layer",
        minimum=0,
    )
    layers: int = param("Layers in a row acted on.", default=1, minimum=1)
    scale: float = param("Times the vector; negative takes it away.", "-x", default=1.0)
    position: int = param("The token acted on.", "-p", default=-1)
    span: int = param("Layers counted on each side of the boundary.", default=4, minimum=1)
    answer: str | None = param("The right answer. [default: the model's own]", "-a", default=None)
    copied: str | None = param(
        "The copied input. [default: what the layer below the boundary says]", default=None
    )
    controls: int = param("Random vectors of each kind; 0: none.", "-n", default=100, minimum=0)
    seed: int | None = param("Seeds the controls. [default: the session's]", default=None)
    sweep: str | None = param(
        "Scales, commas between: try every start layer with each.", default=None, metavar="SCALES"
    )


class ExplainParams(Params):
    """Which edit."""

    step: str = param(
        "The step. [default: the cursor's]", default="", argument=True, completes="ref"
    )
    trace: bool = param("Trace the fact before and after too.", "-t", default=False)
    top: int = param("Tokens to show.", "-k", default=8, minimum=1)
