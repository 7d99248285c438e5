"""Result files and summaries: the published folder, and the figures computed from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import exp, sqrt
from pathlib import Path
from typing import Any

import pytest

from romebench.errors import FileFormatError, UsageError
from romebench.sessions.evaluation.cases import Dataset
from romebench.sessions.evaluation.evaluate import EvalOptions, evaluate, gather
from romebench.sessions.evaluation.summary import Figure, summarize
from romebench.sessions.evaluation.tree import ResultsTree, read_run, run_folders
from romebench.sessions.live import LiveSession

from .conftest import DATA

NEW_WINS = {"target_new": 1.0, "target_true": 2.0}
TRUE_WINS = {"target_new": 3.0, "target_true": 2.0}


def case(number: int, rewrite: object, paraphrase: object, near: object, **post: Any) -> Any:
    return {
        "case_id": number,
        "time": 2.0 + number,
        "post": {
            "rewrite_prompts_probs": rewrite,
            "paraphrase_prompts_probs": paraphrase,
            "neighborhood_prompts_probs": near,
            **post,
        },
        "distance_from_original": {"17": 1e-6 * (number + 1)},
    }


CASES = [
    case(0, [NEW_WINS], [NEW_WINS, TRUE_WINS], [TRUE_WINS, TRUE_WINS], ngram_entropy=6.0),
    case(1, [NEW_WINS], [NEW_WINS, NEW_WINS], [TRUE_WINS, NEW_WINS], ngram_entropy=6.5),
    case(
        2,
        [TRUE_WINS],
        [TRUE_WINS, TRUE_WINS],
        [TRUE_WINS, TRUE_WINS],
        text=["a b", "a b"],
        generation_entropy=0.5,
    ),
]


def by_key(cases: list[Any]) -> dict[str, Figure]:
    return {figure.key: figure for figure in summarize(cases)}


def test_figures_are_the_published_ones() -> None:
    found = by_key(CASES)
    es = found["post_rewrite_success"]
    assert (es.label, es.n) == ("ES", 3)
    assert es.mean == pytest.approx(200 / 3)
    assert es.std == pytest.approx(100 * sqrt(2) / 3), "of the population, as np.std"
    assert found["post_paraphrase_success"].mean == pytest.approx(50)
    assert found["post_neighborhood_success"].mean == pytest.approx(250 / 3)
    won, lost = exp(-1) - exp(-2), exp(-3) - exp(-2)
    assert found["post_rewrite_diff"].mean == pytest.approx(100 * (2 * won + lost) / 3)
    assert found["post_neighborhood_diff"].mean == pytest.approx(
        100 * (-lost + (-lost - won) / 2 - lost) / 3
    )
    # Published: the harmonic mean of means that were rounded first.
    assert found["post_score"].mean == pytest.approx(3 / (1 / 66.67 + 1 / 50 + 1 / 83.33), abs=1e-9)
    assert found["post_score"].std is None
    ge = found["post_ngram_entropy"]
    assert (ge.mean, ge.n) == (pytest.approx(625), 2)
    assert found["time"].mean == pytest.approx(3.0)
    assert found["distance"].mean == pytest.approx(2e-6)
    assert found["post_generation_entropy"].mean == pytest.approx(0.5)


def test_intervals_hold_their_means_and_stay_in_range() -> None:
    found = by_key(CASES)
    assert all(figure.low <= figure.mean <= figure.high for figure in found.values())
    # Wilson's interval for 2 of 3, from its closed form.
    z2 = 1.959963984540054**2
    middle = (2 / 3 + z2 / 6) / (1 + z2 / 3)
    half = sqrt(z2) / (1 + z2 / 3) * sqrt(2 / 9 / 3 + z2 / 36)
    assert found["post_rewrite_success"].low == pytest.approx(100 * (middle - half))
    assert found["post_rewrite_success"].high == pytest.approx(100 * (middle + half))
    assert found["post_neighborhood_success"].high <= 100
    sure = by_key([CASES[0]] * 50)["post_rewrite_success"]
    assert (sure.mean, sure.high) == (100.0, pytest.approx(100.0))
    assert sure.low == pytest.approx(100 * 50 / (50 + z2))
    # A normal interval where cases are shares: 0.5, 1, 0.
    wide = found["post_paraphrase_success"]
    assert (wide.low, wide.high) == (0.0, 100.0)


def test_zsre_is_summarised_by_accuracy() -> None:
    bits = {
        "rewrite_prompts_correct": [True, False],
        "paraphrase_prompts_correct": [True, True],
        "neighborhood_prompts_correct": [False, True, True, True],
    }
    found = by_key([{"case_id": 0, "time": 1.0, "pre": bits, "post": bits}])
    assert found["post_rewrite_acc"].mean == 50
    assert found["post_neighborhood_acc"].mean == 75
    assert found["pre_score"].mean == pytest.approx(3 / (1 / 50 + 1 / 100 + 1 / 75))
    assert [f.label for f in summarize([{"case_id": 0, "post": bits}])] == [
        "S", "efficacy", "paraphrase", "specificity",
    ]  # fmt: skip


def test_a_folder_is_summarised_as_the_published_script_does() -> None:
    folder = DATA / "results" / "R-ROME" / "run_000"
    published = json.loads((DATA / "results" / "summarized.json").read_text(encoding="utf-8"))
    assert published.pop("num_cases") == len(read_run(folder)) == 3
    found = by_key(read_run(folder))
    assert not set(published) - set(found)
    for key, (mean, std) in published.items():
        exact = {"abs": 1e-9} if key in ("time", "pre_score", "post_score") else {"abs": 0.005001}
        assert found[key].mean == pytest.approx(mean, **exact), key
        assert found[key].std == (None if std is None else pytest.approx(std, **exact)), key


def test_no_cases_have_no_figures() -> None:
    assert summarize([]) == []
    assert summarize([{"case_id": 1}]) == []


def test_a_run_is_written_as_published(
    live: LiveSession, records_file: Callable[..., Path], tmp_path: Path
) -> None:
    options = EvalOptions(Dataset.COUNTERFACT, str(records_file(2)), generate=False)
    results = tmp_path / "results"
    outcomes = evaluate(live, gather(options, 5), results=results)
    (folder,) = run_folders(results / "R-ROME")
    assert folder.name == "run_000"
    assert sorted(path.name for path in folder.iterdir()) == [
        "case_0.json", "case_10.json", "params.json",
    ]  # fmt: skip
    assert read_run(folder) == list(outcomes.cases.values())
    # All that the published script reads of a case, in the shape it reads it.
    (read, _) = read_run(folder)
    assert (type(read["case_id"]), type(read["time"])) == (int, float)
    for part in (read["pre"], read["post"]):
        for name, count in (("rewrite", 1), ("paraphrase", 2), ("neighborhood", 2)):
            pairs = part[f"{name}_prompts_probs"]
            assert [set(pair) for pair in pairs] == [{"target_new", "target_true"}] * count
    params = json.loads((folder / "params.json").read_text())
    assert params["layers"] == [1]
    assert (params["algo_name"], params["dataset"]) == ("R-ROME", "counterfact")
    assert params["romebench"]["plan"]["case_ids"] == [0, 10]
    (folder / "case_10.json").unlink()
    evaluate(live, gather(options, 5), results=results)
    assert read_run(folder) == list(outcomes.cases.values())


def test_runs_are_numbered(
    make_live: Callable[..., LiveSession], records_file: Callable[..., Path], tmp_path: Path
) -> None:
    material = gather(EvalOptions(Dataset.COUNTERFACT, str(records_file(1)), generate=False), 5)
    for name in ("one", "two"):
        evaluate(make_live(name), material, results=tmp_path)
    (tmp_path / "R-ROME" / "run_broken").mkdir()
    first, second = run_folders(tmp_path / "R-ROME")
    assert (first.name, second.name) == ("run_000", "run_001")
    assert read_run(first)[0]["post"] == read_run(second)[0]["post"]


def test_broken_result_folders_are_named(
    live: LiveSession, records_file: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(FileFormatError, match=r"no case_N\.json"):
        read_run(tmp_path)
    (tmp_path / "case_1.json").write_text("{", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"case_1\.json"):
        read_run(tmp_path)
    (tmp_path / "case_1.json").write_text("[]", encoding="utf-8")
    with pytest.raises(FileFormatError, match="not a case result"):
        read_run(tmp_path)
    material = gather(EvalOptions(Dataset.COUNTERFACT, str(records_file(1)), generate=False), 5)
    with pytest.raises(UsageError, match="can't make"):
        evaluate(live, material, results=tmp_path / "case_1.json")
    plan = material.plan("r-rome", 5)
    assert ResultsTree.open(tmp_path, live.session.record, plan).folder.name == "run_000"
