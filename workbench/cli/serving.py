"""`romebench serve`: the workbench in a browser, for whoever sits at this machine.

textual-serve runs a workbench for each page that is opened. A page can write files, so the server
listens on a loopback address only, and answers only who has the key of the printed link: other
users of the machine and pages of other sites can reach a loopback address too.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...errors import ExitCode, UsageError
from . import diagnostics

if TYPE_CHECKING:
    from aiohttp import web

    from .start import Start

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DEFAULT_PORT = 8000
_COOKIE = "romebench-key"


def serve(asked: Start) -> int:
    """Serve until Ctrl-C.

    Raises:
        UsageError: The address is not a loopback one, the port is taken, or textual-serve is
            missing.
    """
    check_host(asked.host)
    server_class = _server_class()
    listening = _listen(asked.host, asked.port)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    key = secrets.token_urlsafe(24)
    server = server_class(_command(asked), shown, port, key)
    diagnostics.note(f"open http://{shown}:{port}/?key={key}")
    diagnostics.note("each page is a workbench of its own; Ctrl-C ends them all")
    server.listen(listening)
    return ExitCode.OK


def check_host(host: str) -> None:
    """Refuse an address that other machines could reach.

    Raises:
        UsageError: It is no loopback address.
    """
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError(
            f"{host} is no loopback address, and the workbench is served to this machine only",
            f"from another machine: ssh -L {DEFAULT_PORT}:localhost:{DEFAULT_PORT} THIS-MACHINE",
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "--port 0 takes a free one"
        raise UsageError(f"can't listen on {host}, port {port}: {reason}", hint) from None


def _command(asked: Start) -> str:
    """The command line of the workbench in each page."""
    words = [sys.executable, "-m", "romebench"]
    if asked.config is not None:
        words += ["--config", asked.config]
    words.append("tui")
    if asked.session is not None:
        words += ["--session", asked.session]
    for name, value in asked.choices.typed.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not False:
            words += [flag, str(value)]
    return shlex.join(words)


def _server_class() -> type[Any]:
    try:
        from textual_serve.server import Server
    except ImportError:
        raise UsageError(
            "serving needs textual-serve, which isn't installed",
            "python -m pip install 'romebench[serve]'",
        ) from None

    class LocalServer(Server):
        """textual-serve behind a key."""

        def __init__(self, command: str, host: str, port: int, key: str) -> None:
            super().__init__(command, host, port, title="romebench")
            self.key = key

        def initialize_logging(self) -> None:
            """Leave logging as romebench has it."""

        async def on_startup(self, app: web.Application) -> None:
            """Print no banner."""

        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(keyed(self.key, f"{self.host}:{self.port}"))
            return app

        def listen(self, listening: socket.socket) -> None:
            """Serve on a socket that is bound already, until a signal."""
            from aiohttp import web

            web.run_app(self._make_app(), sock=listening, print=None, access_log=None)

    return LocalServer


def keyed(key: str, address: str) -> Any:
    """A middleware that lets only requests with the key through, and only to this address.

    The link's key becomes a cookie, which the page's own requests carry. The checks of Host and
    Origin keep pages of other sites out.
    """
    from aiohttp import web

    here = {address, f"localhost:{address.rpartition(':')[2]}"}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin.partition("://")[2] not in here
        if request.host not in here or foreign:
            raise web.HTTPForbidden(text="this workbench answers its own page only\n")
        asked = request.query.get("key", "")
        if hmac.compare_digest(asked.encode(), key.encode()):
            response = web.HTTPFound(request.path)
            response.set_cookie(_COOKIE, key, httponly=True, samesite="Strict")
            return response
        if not hmac.compare_digest(request.cookies.get(_COOKIE, "").encode(), key.encode()):
            raise web.HTTPForbidden(text="open the link that `romebench serve` printed\n")
        return await handler(request)

    return check
