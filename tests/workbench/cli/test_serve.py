"""The workbench in a browser: on this machine only, and only for who has the link."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from romebench.errors import UsageError
from romebench.workbench.cli.serving import check_host

from ..conftest import Outcome

Call = Callable[..., Outcome]


def test_only_loopback_addresses_are_served_on(romebench: Call) -> None:
    for host in ("127.0.0.1", "localhost", "::1", "127.9.9.9"):
        check_host(host)
    for host in ("0.0.0.0", "::", "192.168.1.4", "example.org"):
        with pytest.raises(UsageError, match="loopback"):
            check_host(host)
    outcome = romebench("serve", "--host", "0.0.0.0")
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = romebench("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.code == 2
    assert "--port 0" in outcome.err


async def test_a_page_is_a_workbench_for_who_has_the_key(own_home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "romebench", "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://(\S+)/\?key=(\S+)", process.stderr.readline())
        assert found is not None
        await _visit(f"http://{found[1]}", found[2])
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert "Traceback" not in told
    assert process.returncode == 0


async def _visit(place: str, key: str) -> None:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of a bare IP address
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        for path in ("/", "/ws", "/?key=wrong", "/static/js/textual.js"):
            async with client.get(place + path) as answer:
                assert answer.status == 403
        async with client.get(f"{place}/?key={key}") as answer:
            assert answer.status == 200
            assert "key=" not in str(answer.url)
            assert "textual" in await answer.text()
        for header in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            async with client.get(f"{place}/", headers=header) as answer:
                assert answer.status == 403
        async with client.ws_connect(f"{place}/ws?width=80&height=24", origin=place) as page:
            seen = b""
            while b"romebench" not in seen:
                message = await page.receive(timeout=120)
                assert message.type is aiohttp.WSMsgType.BINARY, message
                seen += message.data
