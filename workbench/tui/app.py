"""The application: themes, screenshots, the palette, and a clean end. The screen does the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import wait
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from ...engine.lane import EngineLane
from ..settings import Settings
from .alt_digits import free_alt_digits
from .conductor import Conductor
from .keymap import Keymap, bindings_of
from .keys import ACTIONS, APP, PANE_OF
from .lane.desk import Desk
from .lane.jobs import LaneBridge
from .tabs.table import TABS
from .themes import OWN, keep_theme, read_theme
from .workspace import Workspace

if TYPE_CHECKING:
    from .palette import Entry, Palette

_QUIT_QUIETLY_S = 0.7
"""What takes longer to stop than this is named."""

_QUIT_WITHIN_S = 5.0
"""What runs gets so long to stop; the store is safe at any moment."""


def _palette() -> type[Palette]:
    from .palette import Palette

    return Palette


def _greed(space: Workspace) -> str:
    return "draw again" if space.sampling.greedy else "generate greedily"


class Workbench(App[None]):
    """The TUI.

    Args:
        desk: Everything that is done with store and model; touched in the engine lane only.
        settings: Theme and keys; None for what is built in.

    Raises:
        SettingsError: The keys name an action or a key that there is none of.
    """

    CSS_PATH = "app.tcss"
    TITLE = "romebench"
    COMMANDS: ClassVar[set[Callable[[], type[Palette]]]] = {_palette}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(APP)

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (70, "-narrow"), (100, "-wide"), (160, "-vast")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def __init__(self, desk: Desk, settings: Settings | None = None) -> None:
        super().__init__()
        free_alt_digits()
        self.settings = Settings() if settings is None else settings
        self.keymap = Keymap(ACTIONS, self.settings.keys, PANE_OF)
        self.keymap.apply(self)
        self._desk = desk
        self._finished = False
        self._lane = EngineLane()
        self.bridge = LaneBridge(self._lane, self._deliver)
        self.workspace = Workspace(Conductor(self._desk, self.bridge), self._desk, self.settings)
        for theme in OWN:
            self.register_theme(theme)
        self.theme = self._first_theme(desk)

    def _first_theme(self, desk: Desk) -> str:
        """The theme of the settings, else the one chosen last, else our own."""
        for name in (self.settings.theme, read_theme(desk.paths.state)):
            if name in self.available_themes:
                return str(name)
        return OWN[0].name

    def on_mount(self) -> None:
        """Keep the theme from now on."""
        wanted = self.settings.theme
        if wanted is not None and wanted not in self.available_themes:
            near = get_close_matches(wanted, self.available_themes, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            self.notify(f"there is no theme {wanted!r}{meant}", severity="warning", markup=False)
        self.theme_changed_signal.subscribe(self, self._keep_theme)

    def get_default_screen(self) -> Screen[None]:
        """The workspace is all there is."""
        return self.workspace

    def _deliver(self, message: Message) -> bool:
        """Post a message to the workspace from any thread; after the end it is dropped."""
        try:
            return self.workspace.post_message(message)
        except RuntimeError:
            return False

    def _keep_theme(self, theme: object) -> None:
        keep_theme(self._desk.paths.state, self.theme)

    # The palette

    def palette_entries(self) -> list[Entry]:
        """Everything that makes sense now."""
        from .palette import Entry, command_entries

        space = self.workspace
        own = [
            Entry("model: compare", "base and edited model side by side", space.action_compare),
            Entry("model: sampling…", "length, temperature and seed", space.action_sampling),
            Entry(f"model: {_greed(space)}", "how texts are drawn", space.action_greedy),
            Entry("model: write in $EDITOR…", "a long prompt", space.action_editor),
            Entry("queue: choose a file…", "requests for the queue", space.action_queue_add),
            Entry("view: clear console", "begin with an empty page", space.console.clear),
            Entry("view: jump", "a letter on every place to go to", space.action_jump),
            Entry("view: theme…", "change the colours", self.action_change_theme),
            Entry("view: screenshot", "save an SVG of the screen here", self.action_picture),
            Entry("help: pane", "what the focused pane is for", space.action_help),
            Entry("help: commands", "every command", lambda: space.own("help")),
            Entry("romebench: quit", "stop what runs and leave", self.exit),
        ]
        if space.view is not None:
            own.append(Entry("session: home…", "all sessions", space.action_sessions))
        own += self._copies()
        views = [
            Entry(f"view: {tab.title.lower()}", tab.about, partial(space.open_tab, tab.name))
            for tab in TABS
            if tab.name != space.active_tab
        ]
        return command_entries(space.view, space.choose) + views + own

    def _copies(self) -> list[Entry]:
        """What can be copied now."""
        from .palette import Entry

        space = self.workspace
        found = [
            (space.steps.request(), space.action_copy_request),
            (space.steps.export_line(), space.action_copy_record),
            (space.console.copied(), space.action_copy_output),
        ]
        named = {f"copy: {each.what}": (each, run) for each, run in found if each is not None}
        return [Entry(name, each.text[:80], run) for name, (each, run) in named.items()]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette has its own names for these."""
        return ()

    def action_help_quit(self) -> None:
        """What ctrl+c does where it copies nothing: cancel what runs, else tell how to quit."""
        if self.bridge.cancel() is None:
            super().action_help_quit()

    def action_picture(self) -> None:
        """Save an SVG of the screen into the current folder."""
        path = self.save_screenshot(path=os.getcwd())
        self.notify(path, title="screenshot saved", markup=False)

    # The end

    def finish(self) -> int:
        """Stop what runs, close the store, and give the exit code. Called after `run`."""
        if not self._finished and not self._closed_in_time():
            # A call that can't be stopped (an import, a download) would keep the process alive.
            # Every commit is on the disk already, so nothing is lost by leaving now.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.return_code or 0)
        return self.return_code or 0

    def _closed_in_time(self) -> bool:
        self._finished = True
        self.bridge.stop_all()
        self.bridge.close_reader(0.5)
        running = self.bridge.running
        closing = self._lane.submit(self._desk.close)
        if wait([closing], timeout=_QUIT_QUIETLY_S).not_done and running is not None:
            sys.stderr.write(f"romebench: waiting for {running.label!r} to stop\n")
        done = not wait([closing], timeout=_QUIT_WITHIN_S).not_done
        return self._lane.close(0.5) and done
