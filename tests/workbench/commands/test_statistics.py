"""stats collect|import|show from the command line, and sessions that find what was kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ..conftest import Outcome

Romebench = Callable[..., Outcome]


@pytest.fixture
def folder(goldens: Path, tmp_path: Path) -> Path:
    """A small GPT-2 in a folder of its own."""
    return Path(shutil.copytree(goldens / "models" / "gpt2", tmp_path / "small"))


@pytest.fixture
def hparams(tmp_path: Path) -> Path:
    path = tmp_path / "hparams.json"
    path.write_text(json.dumps({"layers": [1], "v_num_grad_steps": 3}))
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"The river {i} runs by the old town of Lyon." for i in range(200)))
    return path


def collected(romebench: Romebench, folder: Path, text: Path, *more: str) -> dict[str, object]:
    outcome = romebench(
        "stats", "collect", str(text), "-m", str(folder), "-l", "1", "-t", "2000", "--json", *more
    )
    assert outcome.code == 0, outcome.err
    return dict(json.loads(outcome.out))


def test_a_session_finds_what_was_collected(
    romebench: Romebench, folder: Path, text: Path, hparams: Path
) -> None:
    edit = (
        "edit", "[Steve Jobs] was the founder of => Microsoft", "--model", str(folder),
        "--hparams", str(hparams),
    )  # fmt: skip
    refused = romebench(*edit)
    assert refused.code == 3
    assert "there are no second moments for" in refused.err
    assert "stats collect" in refused.err
    found = collected(romebench, folder, text)
    assert found["tokens"] == 2000
    assert found["exhausted"] is False
    assert romebench(*edit).code == 0
    shown = json.loads(romebench("sessions", "show", "small", "--json").out)
    recorded = shown["record"]["statistics"]
    assert recorded["tokens"] == 2000
    assert recorded["dataset"] == "text.txt"
    assert recorded["path"] == found["files"][0]["path"]  # type: ignore[index]


def test_the_list_and_the_conditioning(romebench: Romebench, folder: Path, text: Path) -> None:
    assert "no statistics yet" in romebench("stats", "show").out
    path = str(collected(romebench, folder, text)["files"][0]["path"])  # type: ignore[index]
    listed = json.loads(romebench("stats", "show", "--json").out)
    assert [file["weight_name"] for file in listed["files"]] == [
        "transformer.h.1.mlp.c_proj.weight"
    ]
    shown = json.loads(romebench("stats", "show", path, "--json").out)
    conditions = {line["ridge"]: line["condition"] for line in shown["conditioning"]}
    assert set(conditions) == {0.0, 0.001, 0.01, 0.1}
    assert conditions[0.1] < conditions[0.01]
    text_out = romebench("stats", "show", path).out
    assert "effective rank" in text_out


def test_collecting_more_layers_of_less_text(
    romebench: Romebench, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "short.txt").write_text("A short text.\n")
    outcome = romebench("stats", "collect", str(tmp_path / "short.txt"), "-m", str(folder), "-l",
                        "0-1,3", "--json")  # fmt: skip
    result = json.loads(outcome.out)
    assert result["exhausted"] is True
    assert len(result["files"]) == 3


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("stats", "collect"), 2, "no text is named"),
        (("stats", "collect", "{text}", "-m", "{folder}"), 2, "no hparams are known for"),
        (("stats", "collect", "{text}", "-m", "{folder}", "-l", "x"), 2, "names no layers"),
        (("stats", "collect", "{text}", "-m", "{folder}", "-l", "9"), 3, "there is no layer 9"),
        (("stats", "collect", "no/such/text"), 2, "there is no file or folder 'no/such/text'"),
        (("stats", "import"), 2, "no file is named"),
        (("stats", "show", "no-such.npz"), 3, "there is no statistics file 'no-such.npz'"),
    ],
)
def test_what_is_wrong_is_named(
    romebench: Romebench, folder: Path, text: Path, words: tuple[str, ...], code: int, named: str
) -> None:
    outcome = romebench(*(word.format(text=text, folder=folder) for word in words))
    assert outcome.code == code, outcome.err
    assert named in outcome.err
    assert "Traceback" not in outcome.err


def test_the_fields_files_are_taken_over(
    romebench: Romebench, folder: Path, goldens: Path, tmp_path: Path, hparams: Path
) -> None:
    matrix = np.load(goldens / "models" / "gpt2" / "covariance.npy")
    published = tmp_path / "transformer.h.1.mlp.c_proj_float32_mom2_100.npz"
    np.savez(published, **{
        "mom2.constructor": np.array("util.runningstats.SecondMoment()"),
        "mom2.mom2": matrix * 3072, "mom2.count": np.array(3072), "sample_size": np.array(100),
    })  # fmt: skip
    outcome = romebench("stats", "import", str(published), "-m", str(folder), "-l", "1", "--json")
    assert outcome.code == 0, outcome.err
    result = json.loads(outcome.out)
    assert result["tokens"] == 3072
    assert result["files"][0]["about"]["imported_from"] == published.name
    edit = romebench("edit", "[Steve Jobs] was the founder of => Microsoft", "--model",
                     str(folder), "--hparams", str(hparams))  # fmt: skip
    assert edit.code == 0, edit.err


def test_statistics_of_another_model_are_refused(
    romebench: Romebench, folder: Path, goldens: Path, text: Path
) -> None:
    path = str(collected(romebench, folder, text)["files"][0]["path"])  # type: ignore[index]
    other = romebench("stats", "import", path, "-m", str(goldens / "models" / "gpt2t"), "-l", "1")
    assert other.code == 3
    assert "was collected at model_sha256" in other.err
    layer = romebench("stats", "import", path, "-m", str(folder), "-l", "2")
    assert layer.code == 3
    assert "weight_name transformer.h.1.mlp.c_proj.weight" in layer.err
    wide = romebench("stats", "import", str(goldens / "models" / "llama" / "covariance.npy"),
                     "-m", str(folder), "-l", "1")  # fmt: skip
    assert wide.code == 3
    assert "holds a matrix of shape (176, 176)" in wide.err
