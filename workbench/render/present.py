"""Which rendering belongs to which Result."""

from __future__ import annotations

from functools import singledispatch

from rich.console import RenderableType

from ..commands import collected as statistics
from ..commands import evaluated, inspected, probed, results, watched
from . import collected, configuration, evaluate, history, inspect, places, steps, watch


@singledispatch
def present(result: results.Result) -> RenderableType:
    """A Result as a rich renderable.

    Raises:
        TypeError: No rendering is registered for its type.
    """
    raise TypeError(f"no rendering for {type(result).__name__}")


present.register(results.Edited)(steps.edited)
present.register(results.Previewed)(steps.previewed)
present.register(results.Written)(steps.written)
present.register(results.Moved)(history.moved)
present.register(results.Branches)(history.branches)
present.register(results.BranchChanged)(history.branch_changed)
present.register(results.HistoryLog)(history.log)
present.register(results.OperationLog)(history.operations)
present.register(results.StepShown)(steps.step_shown)
present.register(results.QueueShown)(steps.queue_shown)
present.register(results.QueueChanged)(steps.queue_changed)
present.register(results.RunDone)(steps.run_done)
present.register(results.Replayed)(places.replayed)
present.register(results.Verified)(places.verified)
present.register(results.Exported)(places.exported)
present.register(results.Imported)(places.imported)
present.register(evaluated.Evaluated)(evaluate.evaluated)
present.register(evaluated.EvalSummary)(evaluate.summary)
present.register(evaluated.Downstream)(evaluate.downstream)
present.register(probed.HarnessAsked)(evaluate.harness)
present.register(evaluated.ResultsWritten)(evaluate.results_written)
present.register(results.SessionList)(places.session_list)
present.register(results.SessionShown)(places.session_shown)
present.register(results.SessionChanged)(places.session_changed)
present.register(results.ModelList)(places.model_list)
present.register(results.ModelShown)(places.model_shown)
present.register(results.HparamsList)(places.hparams_list)
present.register(results.HparamsShown)(places.hparams_shown)
present.register(results.Places)(places.places)
present.register(results.Diagnosis)(places.diagnosis)
present.register(results.SettingsShown)(configuration.shown)
present.register(results.SettingsFiles)(configuration.files)
present.register(results.SettingsChecked)(configuration.checked)
present.register(results.SettingsWritten)(configuration.written)
present.register(inspected.LensShown)(inspect.lens_shown)
present.register(inspected.TraceShown)(inspect.trace_shown)
present.register(inspected.AverageShown)(inspect.average_shown)
present.register(inspected.VectorsShown)(inspect.vectors_shown)
present.register(inspected.SweepShown)(inspect.sweep_shown)
present.register(inspected.Explained)(inspect.explained)
present.register(statistics.StatsWritten)(collected.written)
present.register(statistics.StatsList)(collected.listed)
present.register(statistics.StatsShown)(collected.shown)
present.register(statistics.LayersSwept)(collected.swept)
present.register(watched.Calibrated)(watch.calibrated)
present.register(watched.Compared)(watch.compared)
present.register(watched.ReplayedAnew)(watch.replayed_anew)
present.register(watched.Retained)(watch.retained)
present.register(watched.ReportWritten)(watch.report_written)
