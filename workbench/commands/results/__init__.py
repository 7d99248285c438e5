"""What commands give back: one frozen dataclass per outcome, ready to be JSON.

`render/` turns a Result into something to look at; `to_json()` is what `--json` prints, and
`rows()` what `--format csv` does. Results carry the store's plain records and never a tensor.
Importing this package costs nothing but dataclasses.
"""

from __future__ import annotations

from .about import Check, Diagnosis, Place, Places
from .base import Result, names_of, plain
from .configuration import (
    SettingLine,
    SettingsChecked,
    SettingsFile,
    SettingsFiles,
    SettingsProblem,
    SettingsShown,
    SettingsWritten,
)
from .history import BranchChanged, Branches, BranchLine, HistoryLog, Moved, OperationLog
from .models import (
    HparamsLine,
    HparamsList,
    HparamsShown,
    ModelLine,
    ModelList,
    ModelShown,
    TrialEdit,
)
from .record import Exported, Imported, Replayed, Verified
from .sessions import SessionChanged, SessionList, SessionShown
from .steps import (
    Edited,
    Previewed,
    QueueChanged,
    QueueShown,
    RunDone,
    StepBrief,
    StepShown,
    Written,
    brief,
)
from .table import csv_text, flat, no_table

__all__ = [
    "BranchChanged",
    "BranchLine",
    "Branches",
    "Check",
    "Diagnosis",
    "Edited",
    "Exported",
    "HistoryLog",
    "HparamsLine",
    "HparamsList",
    "HparamsShown",
    "Imported",
    "ModelLine",
    "ModelList",
    "ModelShown",
    "Moved",
    "OperationLog",
    "Place",
    "Places",
    "Previewed",
    "QueueChanged",
    "QueueShown",
    "Replayed",
    "Result",
    "RunDone",
    "SessionChanged",
    "SessionList",
    "SessionShown",
    "SettingLine",
    "SettingsChecked",
    "SettingsFile",
    "SettingsFiles",
    "SettingsProblem",
    "SettingsShown",
    "SettingsWritten",
    "StepBrief",
    "StepShown",
    "TrialEdit",
    "Verified",
    "Written",
    "brief",
    "csv_text",
    "flat",
    "names_of",
    "no_table",
    "plain",
]
