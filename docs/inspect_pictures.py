"""Draw the pictures of docs/inspect.md on pocket: `python docs/inspect_pictures.py [FOLDER]`.

`tests/docs/test_pictures.py` draws them again and compares.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from romebench.workbench.bench import Bench
from romebench.workbench.commands.context import Context
from romebench.workbench.commands.execute import execute
from romebench.workbench.commands.parsing import Invocation, parse
from romebench.workbench.commands.results import Result
from romebench.workbench.commands.words import split_words
from romebench.workbench.paths import Paths
from romebench.workbench.render import render

PICTURES = Path(__file__).parent / "pictures"
FACT = "[LeBron James] plays the sport of"
PROMPT = "LeBron James plays the sport of"
SHOWN = {
    "lens": f'lens "{PROMPT}" --compare --watch football,basketball',
    "trace": f'trace "{FACT}" --compare',
    "vectors": 'vectors "The capital of Poland is" --at base -l 4 -x 2',
    "explain": "explain 1",
}


def main(folder: Path) -> None:
    """Make an edit, and draw every view of it."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, Bench(Paths.under(Path(home))) as bench:
        run(bench, f'edit "{FACT} => football"')
        for name, line in SHOWN.items():
            picture(folder, name, line, run(bench, line))
        run(bench, f'trace "{FACT}" --compare --force --plot {folder / "trace-plot.svg"}')


def run(bench: Bench, line: str) -> Result:
    """Run a command line."""
    asked = parse(split_words(line))
    assert isinstance(asked, Invocation)
    return execute(asked.command, Context(bench), asked.params)


def picture(folder: Path, name: str, line: str, result: Result) -> None:
    """What the terminal shows, as an SVG."""
    console = Console(record=True, width=112, file=io.StringIO(), force_terminal=True)
    console.print(f"$ romebench {line}", style="bold", markup=False, highlight=False)
    console.print(render(result))
    console.save_svg(str(folder / f"{name}.svg"), title="romebench", unique_id=name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
