"""Reading what came since the last look: vitals of new steps, new measurements, runs of a probe.

For who follows a session while it grows: each call costs what is new, not what is there.
"""

from __future__ import annotations

from sqlalchemy import func, select

from .access import Access
from .projections import MEASUREMENT, or_base
from .records import MeasurementRecord, StepVitals
from .schema import MeasurementRow, SessionRow, StepDetailRow, StepRow

_VITALS = (
    StepRow.step,
    or_base(StepRow.parent),
    StepRow.subject,
    StepRow.target_new,
    StepRow.rule,
    StepRow.verdict,
    StepRow.verdict_reason,
    StepDetailRow.vitals,
)


class Following(Access):
    """The part of the repository that reads what is new."""

    def vitals_since(self, session_id: int, step: int) -> list[StepVitals]:
        """The vitals of every step with a higher number, in the order of their numbers."""
        details = (StepDetailRow.session_id == StepRow.session_id) & (
            StepDetailRow.step == StepRow.step
        )
        query = (
            select(*_VITALS)
            .join_from(StepRow, StepDetailRow, details)
            .where(StepRow.session_id == session_id, StepRow.step > step)
            .order_by(StepRow.step)
        )
        with self.database.read() as connection:
            return [StepVitals(*row) for row in connection.execute(query)]

    def measurements_since(self, session_id: int, row: int) -> tuple[int, list[MeasurementRecord]]:
        """What probes found since, oldest first, and the row to go on from; 0 reads all."""
        query = (
            select(MeasurementRow.id, *MEASUREMENT)
            .where(MeasurementRow.session_id == session_id, MeasurementRow.id > row)
            .order_by(MeasurementRow.id)
        )
        with self.database.read() as connection:
            rows = list(connection.execute(query))
        return (rows[-1][0] if rows else row), [MeasurementRecord(*each[1:]) for each in rows]

    def measured(self, probe: str) -> list[tuple[str, MeasurementRecord]]:
        """What a probe found in all sessions, each with the session's name, newest first."""
        query = (
            select(SessionRow.name, *MEASUREMENT)
            .join_from(MeasurementRow, SessionRow, MeasurementRow.session_id == SessionRow.id)
            .where(MeasurementRow.probe == probe)
            .order_by(MeasurementRow.id.desc())
        )
        with self.database.read() as connection:
            return [(row[0], MeasurementRecord(*row[1:])) for row in connection.execute(query)]

    def measured_means(self, probe: str) -> dict[str, tuple[int, float | None]]:
        """How often a probe was taken and the mean it came to, by the session's name."""
        query = (
            select(SessionRow.name, func.count(), func.avg(MeasurementRow.value))
            .join_from(MeasurementRow, SessionRow, MeasurementRow.session_id == SessionRow.id)
            .where(MeasurementRow.probe == probe)
            .group_by(SessionRow.id)
        )
        with self.database.read() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query)}
