"""`romebench` as a real process: exit codes, pipes, Ctrl-C, what is imported."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from romebench.workbench.commands.registry import MODULES

ROMEBENCH = (sys.executable, "-m", "romebench")
MOST_MODULES = 100
HEAVY = ("torch", "transformers", "sqlalchemy", "textual", "rich", "prompt_toolkit", "numpy")

IMPORTS = """
import sys
from romebench.workbench.cli.main import run
code = run(sys.argv[1:])
print("imported", code, *(name for name in {heavy!r} if name in sys.modules))
"""


def start(*words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*ROMEBENCH, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **options,  # type: ignore[call-overload]
    )


def call(*words: str, given: str = "", **options: object) -> tuple[int, str, str]:
    process = start(*words, **options)
    out, err = process.communicate(given, timeout=120)
    return process.returncode, out, err


def imported(*words: str) -> set[str]:
    """The heavy packages a command line imports."""
    script = IMPORTS.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=120
    )
    said, code, *names = done.stdout.splitlines()[-1].split()
    assert (said, code) == ("imported", "0"), done.stderr
    return set(names)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("edit", "--help"), ("run", "-h")])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imported(*words) == set()


@pytest.mark.parametrize(
    "line",
    [
        "log", "log --operations", "show 1", "branch", "queue list", "sessions list",
        "sessions show", "undo", "goto base", "branch new", "where", "hparams list", "models list",
        "export --to {}/x.jsonl",
    ],
)  # fmt: skip
def test_what_needs_no_model_imports_no_torch(line: str, study: Path, tmp_path: Path) -> None:
    names = imported(*line.replace("{}", str(tmp_path)).split())
    assert not names & {"torch", "transformers", "textual", "prompt_toolkit"}


def test_json_output_imports_no_rich(study: Path) -> None:
    assert "rich" not in imported("log", "--json")


def test_where_opens_no_store(own_home: Path) -> None:
    assert call("where")[0] == 0
    assert list(own_home.iterdir()) == []


def test_help_imports_little() -> None:
    """What `--help` takes is what it imports: no command, nothing heavy, few modules in all.

    The bound leaves some room over what was needed when it was set; the time itself is measured
    in benchmarks/startup.
    """

    def imports(*words: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=True
        )
        return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    found = imports("-m", "romebench", "--help") - imports("-c", "pass")
    assert "click" in found
    assert not {name.partition(".")[0] for name in found} & {*HEAVY, "tomllib", "tomlkit"}
    declaring = {f"romebench.workbench.commands.{module}" for module in MODULES}
    assert not found & declaring
    assert len(found) < MOST_MODULES, sorted(found)


def test_version_and_module_agree() -> None:
    import romebench

    assert call("--version") == (0, f"romebench {romebench.__version__}\n", "")


def test_standard_output_is_data_and_nothing_else(own_home: Path) -> None:
    code, out, err = call("edit", "[LeBron James] plays the sport of => football", "--json")
    assert code == 0
    assert json.loads(out)["step"]["step"] == 1
    assert err == "made session 'pocket' with model pocket\n"


def test_requests_from_standard_input(study: Path) -> None:
    given = json.dumps([{"prompt": "{} is in", "subject": "Rome", "target_new": "Spain"}])
    code, out, _ = call("queue", "add", "-", given=given)
    assert (code, out) == (0, "added 1 request, 1 waiting\n")
    code, _, err = call("queue", "add", "-", given='{"prompt":')
    assert code == 2
    assert "standard input:1" in err


def test_a_prompt_and_an_edit_from_standard_input(study: Path) -> None:
    code, out, _ = call("generate", "-", "--greedy", "-n", "3", given="The capital of Poland\n")
    assert code == 0
    assert out.startswith("The capital of Poland")
    code, out, _ = call("preview", "-", given="[LeBron James] plays the sport of => golf\n")
    assert code == 0
    assert "golf" in out


def test_a_reader_that_goes_away_is_no_failure(study: Path) -> None:
    pipe = f"{sys.executable} -m romebench log --operations | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_a_closed_pipe_does_not_stop_the_work(study: Path, requests_file: Path) -> None:
    process = start("run", str(requests_file))
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    steps = json.loads(call("log", "--json")[1])["steps"]
    assert len(steps) == 3


def test_debug_shows_the_traceback(study: Path) -> None:
    assert "Traceback" not in call("goto", "nowhere")[2]
    code, _, err = call("goto", "nowhere", "--debug")
    assert code == 2
    assert "Traceback" in err


@pytest.mark.parametrize(
    ("words", "variables", "colored"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
    ],
)
def test_color_into_a_pipe(
    words: tuple[str, ...], variables: dict[str, str], colored: bool, study: Path
) -> None:
    _, out, _ = call("log", *words, env={**os.environ, **variables})
    assert ("\x1b[" in out) == colored


def many(path: Path) -> Path:
    requests = [
        {"prompt": "{} plays the sport of", "subject": f"Player {n}", "target_new": "football"}
        for n in range(60)
    ]
    path.write_text(json.dumps(requests))
    return path


def test_ctrl_c_stops_the_run_and_keeps_what_was_done(study: Path, tmp_path: Path) -> None:
    process = start("run", str(many(tmp_path / "many.json")))
    assert process.stdout is not None
    assert process.stdout.readline().strip().startswith("2 ")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "cancelled" in err
    steps = json.loads(call("log", "--json")[1])["steps"]
    assert 2 <= len(steps) < 60
    code, out, _ = call("replay", "--json")
    assert (code, json.loads(out)["mismatch"]) == (0, None)
    assert json.loads(call("queue", "--json")[1])["entries"]


def test_a_second_ctrl_c_leaves_at_once(study: Path, tmp_path: Path) -> None:
    process = start("run", str(many(tmp_path / "many.json")))
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert call("sessions", "verify")[0] == 0


def test_a_second_process_is_told_and_can_read(study: Path, tmp_path: Path) -> None:
    process = start("run", str(many(tmp_path / "many.json")))
    assert process.stdout is not None
    process.stdout.readline()
    try:
        code, _, err = call("undo")
        assert code == 4
        assert str(process.pid) in err
        assert call("log")[0] == 0
        code, out, err = call("generate", "LeBron James plays", "-n", "2")
        assert code == 0
        assert out.startswith("LeBron James plays")
        assert "not recorded" in err
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def test_a_full_disk_loses_nothing(study: Path, requests_file: Path) -> None:
    """The file size limit stands for the disk's end: SQLite gets the same short write."""
    store = study / "romebench.sqlite3"
    limit = store.stat().st_size + 8192

    def shrink() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, _, err = call("run", str(requests_file), preexec_fn=shrink)
    assert code == 4, err
    assert "Traceback" not in err
    assert "store" in err
    assert call("sessions", "verify")[0] == 0
    assert call("replay")[0] == 0


def test_the_module_runs_from_any_folder(tmp_path: Path) -> None:
    assert call("--version", cwd=tmp_path)[0] == 0


def test_words_that_are_no_text_are_refused(study: Path) -> None:
    done = subprocess.run([*ROMEBENCH, "generate", b"caf\xe9"], capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr
    done = subprocess.run(
        [*ROMEBENCH, "queue", "add", "-"], input=b'["caf\xe9"]', capture_output=True, timeout=60
    )
    assert done.returncode == 2
    assert b"standard input: not UTF-8" in done.stderr
    script = subprocess.run(
        [*ROMEBENCH, "repl"], input=b"log\ncaf\xe9\n", capture_output=True, timeout=60
    )
    assert script.returncode == 2


def test_a_terminal_without_unicode_ends_nothing(study: Path) -> None:
    variables = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code, out, err = call("log", env=variables)
    assert code == 0, err
    assert "\\u2192" in out
