"""A store that can't grow: every edit that was committed stands, and the weights are its."""

from __future__ import annotations

import pytest

from romebench.errors import StoreError
from romebench.sessions.live import LiveSession
from romebench.sessions.replay import verify

from .conftest import request_for, same, snapshot


def set_limit(live: LiveSession, extra_pages: int) -> None:
    """Let the file grow by so many pages; SQLite then says what it says of a full disk."""
    with live.session.repository.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA max_page_count = {pages + extra_pages}")


@pytest.mark.parametrize("room", [0, 5, 13, 22])
def test_a_full_disk_loses_nothing(live: LiveSession, room: int) -> None:
    live.edit(request_for(0))
    set_limit(live, room)
    states = {1: snapshot(live)}

    def edit_on() -> None:
        for number in range(1, 200):
            record = live.edit(request_for(number))
            states[record.step] = snapshot(live)

    with pytest.raises(StoreError, match="the disk is full") as caught:
        edit_on()
    assert "nothing was half written" in caught.value.hint.lower()
    last = max(states)
    assert same(live, states[last])
    session = live.session
    assert session.cursor.step == last
    assert [line.step for line in session.lines()] == list(states)
    session.refresh()
    assert session.cursor.step == last
    set_limit(live, 100_000)
    assert verify(session.repository, session.record.id).problems == ()
    assert live.edit(request_for(500)).step == last + 1
    live.undo()
    assert same(live, states[last])
