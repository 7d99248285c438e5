"""Evaluations on a small GPT-2: a file of records, and runs over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent.parent / "data"


def counterfact_record(number: int, **parts: Any) -> dict[str, Any]:
    """Distinct records in CounterFact's form."""
    subject = f"{('Steve Jobs', 'France', 'LeBron James')[number % 3]} {number}"
    record = {
        "case_id": 10 * number,
        "requested_rewrite": {
            "prompt": "{} was the founder of",
            "relation_id": "P112",
            "subject": subject,
            "target_new": {"str": "Microsoft", "id": "Q2283"},
            "target_true": {"str": "Apple", "id": "Q312"},
        },
        "paraphrase_prompts": [f"The man {subject} created", f"The company of {subject} is"],
        "neighborhood_prompts": ["Bill Gates was the founder of", "Paris is a city of"],
        "attribute_prompts": ["Paul Allen was the founder of"],
        "generation_prompts": [f"{subject} is known for", "Here is"],
    }
    return {**record, **parts}


@pytest.fixture
def records_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to a file."""

    def write(count: int = 4, name: str = "records.json", **changes: dict[str, Any]) -> Path:
        records = [counterfact_record(i, **changes.get(f"at_{i}", {})) for i in range(count)]
        path = tmp_path / name
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    return write
