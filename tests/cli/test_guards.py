"""The guards of a send, one by one: whom they let through, and what they tell to type next."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.cli import guards
from smscli.domain.errors import Refused, RunStopped, SentLogMissing, SmscliError, UsageError
from smscli.domain.message import Realm
from smscli.sentlog.memory import MemorySentLog

LOG = Path("sent-log.db")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("realm", [Realm.LIVE, Realm.SANDBOX])
@pytest.mark.parametrize("has_live", [False, True])
@pytest.mark.parametrize("attended", [False, True])
@pytest.mark.parametrize("first_run", [False, True])
def test_only_an_unattended_live_send_with_a_log_that_knows_nobody_has_to_be_meant(
    realm: Realm, has_live: bool, attended: bool, first_run: bool
) -> None:
    refusal: type[SmscliError] | None = None
    if realm is Realm.LIVE:
        if has_live and first_run:
            refusal = Refused
        elif not has_live and not attended and not first_run:
            refusal = SentLogMissing
    with pytest.raises(refusal) if refusal else nullcontext() as caught:
        guards.known_log(LOG, has_live, realm, attended=attended, first_run=first_run)
    if caught is not None:
        assert "--first-run" in caught.value.hint


@pytest.mark.parametrize(("ahead", "stops"), [(-3600, False), (0, False), (119, False), (121, True)])
def test_a_log_may_be_two_minutes_ahead_of_the_clock(ahead: int, stops: bool) -> None:
    class Log(MemorySentLog):
        def newest_at(self) -> datetime | None:
            return NOW + timedelta(seconds=ahead)

    with pytest.raises(RunStopped, match="here") if stops else nullcontext():
        guards.right_clock(Log(), NOW)
    guards.right_clock(MemorySentLog(), NOW)  # nothing happened yet


def test_texts_may_be_sent_for_the_first_time_again_and_when_the_change_is_meant() -> None:
    log = MemorySentLog()
    guards.same_texts(log, "old", Realm.LIVE, "ready", changed=False)
    log.remember_texts(Realm.LIVE, "ready", "old", NOW)
    guards.same_texts(log, "old", Realm.LIVE, "ready", changed=False)
    guards.same_texts(log, "new", Realm.SANDBOX, "ready", changed=False)  # a rehearsal of its own
    guards.same_texts(log, "new", Realm.LIVE, "ready", changed=True)
    with pytest.raises(Refused) as caught:
        guards.same_texts(log, "new", Realm.LIVE, "ready", changed=False)
    assert "--text-changed" in caught.value.hint


@pytest.mark.parametrize("realm", [Realm.LIVE, Realm.TEST])
def test_nothing_that_reached_a_person_is_forgotten(realm: Realm) -> None:
    guards.rehearsing(Realm.SANDBOX, dry_run=False)
    with pytest.raises(UsageError):
        guards.rehearsing(realm, dry_run=False)


def test_no_folder_is_made_for_a_log(tmp_path: Path) -> None:
    guards.has_folder(tmp_path / "sent-log.db")
    for path in (tmp_path / "nowhere" / "sent-log.db", Path(__file__) / "sent-log.db"):
        with pytest.raises(SentLogMissing, match="does not exist"):
            guards.has_folder(path)
