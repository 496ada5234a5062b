"""`smscli consent`: records go in with all that makes them, lift nothing, and say what they are worth."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Finished, Program
from tests.cli.sample_log import ADA, BEN, EVA, opted_out

smscli = Program()

JOINED = datetime(2026, 3, 1, 10, tzinfo=UTC)
HEADER = "phone,level,at,how"
GOOD = (
    f"{HEADER}\n{ADA.e164},express,2026-03-01T12:00+02:00,web form\n{BEN.e164},none,2026-03-02T08:00Z,paper\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return empty(tmp_path / "sent-log.db")


def empty(path: Path) -> Path:
    """A sent log in which nothing stands."""
    open_sent_log(path, create=True).close()
    return path


def consent(log: Path, verb: str, *words: str) -> Finished:
    return smscli("consent", verb, "--log", str(log), *words)


def listed(folder: Path, content: str, name: str = "yes.csv") -> str:
    (folder / name).write_text(content, "utf-8")
    return str(folder / name)


def records(log: Path) -> list[ConsentRecord]:
    with closing(open_sent_log(log, create=False)) as opened:
        return list(opened.consents())


def recorded(log: Path, *found: ConsentRecord) -> None:
    with closing(open_sent_log(log, create=False)) as opened:
        opened.record_consents(found, NOW)


def yes(
    number: Msisdn = ADA, at: datetime = JOINED, how: ConsentMethod = ConsentMethod.PAPER
) -> ConsentRecord:
    written = at.isoformat()
    return ConsentRecord(
        number, ConsentLevel.EXPRESS, at, how, as_written=written, by="ola@desk", source="ola@desk"
    )


# --- import ---


def test_rows_become_records_with_their_place_and_who_imported_them(log: Path, tmp_path: Path) -> None:
    told = consent(log, "import", listed(tmp_path, GOOD))
    assert (told.code, told.out.splitlines()) == (0, [
        "New consent records: 2.",
        "By level: express 1, none 1.",
        "Level none is a no: it takes back what the same person agreed to before.",
    ])  # fmt: skip
    ada, ben = records(log)
    assert (ada.number, ada.level, ada.at, ada.how) == (
        ADA,
        ConsentLevel.EXPRESS,
        JOINED,
        ConsentMethod.WEB_FORM,
    )
    assert (ada.source, ada.by, ada.recorded_at) == ("yes.csv:2", "ola@desk", NOW)
    assert (ben.number, ben.level) == (BEN, ConsentLevel.NONE)


def test_what_is_on_record_is_not_recorded_again(log: Path, tmp_path: Path) -> None:
    consent(log, "import", listed(tmp_path, GOOD))
    told = consent(log, "import", listed(tmp_path, f"{GOOD}{EVA.e164},soft,2026-03-03,app\n"), "--json")
    assert told.document == {
        "schema": 1, "command": "consent import", "status": "ok", "sent_log": str(log), "dry_run": False,
        "new": 1, "already": 2, "levels": {"express": 1, "none": 1, "soft": 1}, "opted_out": 0, "erased": 0,
        "columns_not_read": [], "problems": [],
    }  # fmt: skip


def test_numbers_alone_are_refused_with_what_is_missing(log: Path, tmp_path: Path) -> None:
    numbers = listed(tmp_path, f"{ADA.e164}\n{BEN.e164}\n", "numbers.txt")
    told = consent(log, "import", numbers, "--level", "express")
    assert told.code == 4
    assert "says no date and no way in which they agreed: numbers alone are no consent" in told.err
    assert "name the columns above them (phone,level,at,how), or say it of all rows" in told.err
    assert "--at TIME --how HOW (one of web_form, keyword, paper," in told.err
    assert not records(log)
    whole = consent(log, "import", numbers, "--level", "soft", "--at", "2026-03-01", "--how", "verbal")
    assert (whole.code, len(records(log))) == (0, 2)


def test_one_bad_row_and_nothing_is_recorded_unless_told(log: Path, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{GOOD}{EVA.e164},express,2027-01-01,paper\n512345678,soft,2026-03-01,paper\n")
    told = consent(log, "import", file, "--json")
    assert told.code == 4
    problems = told.document["error"]["problems"]
    assert [(each["line"], each["code"]) for each in problems] == [
        (4, "future_date"),
        (5, "number_needs_country"),
    ]
    assert "say their country with --region, such as --region PL" in told.err
    assert not records(log)
    kept = consent(log, "import", file, "--keep-good")
    assert kept.code == 3
    assert "New consent records: 2. 2 problems in other rows." in kept.out
    assert f"Bad rows of {file}:" in kept.err
    assert len(records(log)) == 2


def test_a_contact_list_with_opt_outs_is_refused(log: Path, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{HEADER},unsubscribed\n{ADA.e164},soft,2026-03-01,app,yes\n")
    told = consent(log, "import", file)
    assert told.code == 4
    assert 'looks like a contact list: its column "unsubscribed" says who opted out' in told.err
    assert not records(log)
    assert consent(log, "import", file, "--all-rows").code == 0
    assert len(records(log)) == 1


def test_a_dry_run_counts_and_records_nothing(log: Path, tmp_path: Path) -> None:
    consent(log, "import", listed(tmp_path, GOOD))
    told = consent(log, "import", listed(tmp_path, f"{GOOD}{EVA.e164},soft,2026-03-03,app\n"), "--dry-run")
    assert (told.code, told.out.splitlines()[0]) == (
        0, "Consent records that would be new: 1. 2 records were there already."
    )  # fmt: skip
    assert len(records(log)) == 2


def test_a_record_lifts_no_opt_out_and_says_so(log: Path, tmp_path: Path) -> None:
    opted_out(log, OptOut(ADA, "", NOW - timedelta(days=300), "reply"), OptOut(EVA, "offers", NOW, "web"))
    ended = OptOut(BEN, "", NOW - timedelta(days=9), "web", until=NOW - timedelta(days=1))
    opted_out(log, ended)
    told = consent(log, "import", listed(tmp_path, f"{GOOD}{EVA.e164},soft,2026-03-03,app\n"))
    assert "2 numbers stay opted out. A consent record lifts no opt-out" in told.out
    lines = smscli("optout", "list", "--log", str(log), "--jsonl").lines
    assert [line["number"] for line in lines] == [ADA.e164, EVA.e164]


def test_nothing_is_recorded_of_somebody_who_was_erased(log: Path, tmp_path: Path) -> None:
    with closing(open_sent_log(log, create=False)) as opened:
        joe = Msisdn("+12025550111", "US")
        opened.record_consents([yes(joe)], NOW)
        opened.erase(joe, "ola@desk", NOW)
    told = consent(log, "import", listed(tmp_path, f"{GOOD}{joe.e164},express,2026-03-03,app\n"))
    assert told.code == 3
    assert "1 number was erased at a person's wish: nothing was recorded." in told.out
    assert joe not in {record.number for record in records(log)}
    assert "erased at their wish" in consent(log, "show", joe.e164).out


def test_nor_where_they_stand_on_the_opt_out_list_as_well(log: Path, tmp_path: Path) -> None:
    joe = Msisdn("+12025550111", "US")
    with closing(open_sent_log(log, create=False)) as opened:
        opened.erase(joe, "ola@desk", NOW)
    opted_out(log, OptOut(joe, "", NOW, "hand"))
    told = consent(log, "import", listed(tmp_path, f"{GOOD}{joe.e164},express,2026-03-03,app\n"))
    assert told.code == 3
    assert joe not in {record.number for record in records(log)}


def test_a_no_to_a_topic_that_no_campaign_has_is_warned_of(log: Path, tmp_path: Path) -> None:
    campaigns = tmp_path / "campaigns.yaml"
    ready = "purpose: transactional, topic: offers, text: 'Green Garage: it is ready.'"
    top = f"version: 1\nbrand: Green Garage\nsender: Garage\ngateway: sandbox\nsent_log: {log.name}\n"
    campaigns.write_text(f"{top}campaigns: {{ready: {{{ready}}}}}\n")
    file = listed(tmp_path, "phone,level,at,how,topics\n+12025550101,none,2026-03-01,verbal,offerz\n")
    by_hand = ("add", ADA.e164, "--level", "none", "--how", "verbal", "--topics", "offerz")
    for words in (by_hand, ("import", file)):
        told = smscli("consent", *words, "--campaigns", str(campaigns))
        assert told.code == 0, told.err
        assert f"no campaign of {campaigns} has the topic offerz; there are: offers; did you" in told.err
    assert "warning" not in consent(log, *by_hand).err


def test_columns_that_say_nothing_of_consent_are_named(log: Path, tmp_path: Path) -> None:
    file = listed(tmp_path, f"{HEADER},expirs\n{ADA.e164},soft,2026-03-01,app,2027-01-01\n")
    assert "columns not read: expirs" in consent(log, "import", file).err
    assert consent(log, "import", file, "--json").document["columns_not_read"] == ["expirs"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--level", "expres"], 'did you mean "express"?'),
        (["--level", ""], "--level: is empty"),
        (["--at", "2027-01-01"], '--at: "2027-01-01" lies in the future'),
        (["--how", "pigeon", "--promise", "often"], '--promise: "often" does not say how many messages'),
        (["--words", "a", "--words-file", "b"], "--words and --words-file say the same"),
    ],
)
def test_an_option_that_cannot_be_is_told_once_and_not_for_each_row(
    log: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    told = consent(log, "import", listed(tmp_path, GOOD), *words)
    assert told.code == 2
    assert said in told.err
    assert "yes.csv" not in told.err


# --- add ---


def test_a_record_by_hand_has_a_name_a_time_and_all_that_was_said(log: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Text me offers.\nUp to twice a month.\n")
    told = consent(
        log, "add", ADA.e164, "+1 (202) 555-0102", "--level", "express written", "--how", "paper",
        "--words-file", str(tmp_path / "words.txt"), "--where", "stall 4", "--language", "EN",
        "--purpose", "marketing", "--topics", "offers", "--promise", "2 a month", "--proof", "folder 12",
        "--expires", "2028-01-01T00:00Z",
    )  # fmt: skip
    assert (told.code, told.out) == (0, "New consent records: 2.\n")
    first, second = records(log)
    assert second.number == BEN
    assert first == ConsentRecord(
        ADA, ConsentLevel.EXPRESS_WRITTEN, NOW, ConsentMethod.PAPER, "marketing", ("offers",),
        "2026-11-22T12:00:00Z", "stall 4", "Text me offers.\nUp to twice a month.", "en",
        datetime(2028, 1, 1, tzinfo=UTC), "folder 12", "", Promise(2, CalendarPeriod.MONTH), "ola@desk",
        "ola@desk", NOW, first.key,
    )  # fmt: skip


def test_a_no_by_hand_does_not_end(log: Path) -> None:
    said = ("--level", "none", "--how", "verbal", "--expires", "2027-01-01")
    told = consent(log, "add", ADA.e164, *said)
    assert told.code == 2
    assert "--expires: a no does not end" in told.err
    assert "smscli optout add NUMBER --until" in " ".join(told.err.split())
    assert not records(log)


@pytest.mark.parametrize("words", [[], ["--level", "express"], ["--how", "paper"]])
def test_what_and_how_have_to_be_said(log: Path, words: list[str]) -> None:
    told = consent(log, "add", ADA.e164, *words)
    assert told.code == 2
    assert "a number is no consent" in told.err
    assert not records(log)


@pytest.mark.parametrize(
    "verb", [["add", ADA.e164, "--level", "soft", "--how", "app"], ["show", ADA.e164], ["export"]]
)
def test_no_verb_makes_a_log(tmp_path: Path, verb: list[str]) -> None:
    assert smscli("consent", *verb, "--log", str(tmp_path / "none.db")).code == 7
    assert list(tmp_path.iterdir()) == []


# --- show ---


def test_the_newest_record_comes_first_with_the_words_in_full_and_the_number_masked(log: Path) -> None:
    recorded(log, yes(), ConsentRecord(
        ADA, ConsentLevel.EXPRESS_WRITTEN, NOW, ConsentMethod.WEB_FORM, "marketing", ("news",), "2026-11-22",
        "https://example.com/join", "Text me [b]news[/b].\nOften.", "en", None, "", "", None,
        "june.csv:7", "eva@till",
    ))  # fmt: skip
    told = consent(log, "show", ADA.e164)
    assert told.code == 0
    assert ADA.masked in told.out
    assert ADA.digits not in told.out
    lines = told.out.splitlines()
    assert lines[0] == f"On record for {ADA.masked}: 2 consent records, 0 opt-outs."
    newest, oldest = (
        next(at for at, line in enumerate(lines) if line.startswith(f"Record {key}")) for key in (2, 1)
    )
    assert newest < oldest
    assert "  words     Text me [b]news[/b]." in lines
    assert "            Often." in lines
    assert "  recorded  2026-11-22 12:00 UTC by eva@till from june.csv:7" in lines


@pytest.mark.parametrize("how", ConsentMethod)
def test_every_way_of_agreeing_says_what_a_record_shows_and_what_not(log: Path, how: ConsentMethod) -> None:
    recorded(log, yes(how=how))
    (record,) = consent(log, "show", ADA.e164, "--json").document["records"]
    assert record["number"] == ADA.masked
    assert record["shows"][0].startswith("By itself only that ola@desk wrote it into this log")
    assert "What they were shown: the words are not on record." in record["does_not_show"]
    assert len(record["shows"]) == 2


def test_an_opt_in_word_is_worth_more_where_the_log_keeps_the_message(log: Path) -> None:
    word = ConsentRecord(
        ADA, ConsentLevel.EXPRESS, JOINED, ConsentMethod.KEYWORD, where="3344", raw="MAU", source="in.csv:3"
    )
    recorded(log, word)
    assert "only that somebody wrote it down in in.csv:3" in consent(log, "show", ADA.e164).out
    with closing(open_sent_log(log, create=False)) as opened:
        reply = Reply(ADA, "3344", JOINED, "MAU")
        opened.file_replies([(reply, Classified(ReplyClass.OPT_IN, "the word MAU"))], NOW)
    told = consent(log, "show", ADA.e164).out
    assert 'That a gateway reported "MAU" from this number to 3344, 2026-03-01 10:00 UTC.' in told
    assert "Who held the phone, or what they had read before" in told


NOTHING, YES = (False, "nothing on record"), (True, "express on 2026-03-01 10:00 UTC (record 1)")


@pytest.mark.parametrize(
    ("found", "wishes", "said"),
    [
        ([], [], {(None, "marketing"): NOTHING, (None, "transactional"): NOTHING}),
        ([yes()], [], {(None, "marketing"): YES, (None, "transactional"): YES}),
        (
            [yes()],
            [OptOut(ADA, "", NOW, "web")],
            dict.fromkeys(
                [(None, "marketing"), (None, "transactional")],
                (False, "opted out of everything on 2026-11-22 12:00 UTC (web)"),
            ),
        ),
        (
            [yes()],
            [OptOut(ADA, "news", NOW, "web", until=NOW + timedelta(days=1))],
            {
                ("news", "marketing"): (
                    False,
                    "opted out of news on 2026-11-22 12:00 UTC (web) until 2026-11-23 12:00 UTC",
                ),
                (None, "marketing"): YES,
            },
        ),
        ([yes()], [OptOut(ADA, "", NOW, "web", until=NOW - timedelta(days=1))], {(None, "marketing"): YES}),
        (
            [yes()],
            [OptOut(ADA, "", NOW, "review")],
            {(None, "marketing"): (False, "a reply waits for review: smscli replies review")},
        ),
        (
            [yes(), ConsentRecord(ADA, ConsentLevel.NONE, JOINED, ConsentMethod.VERBAL)],
            [],
            {(None, "marketing"): (False, "said no on 2026-03-01 10:00 UTC (record 2)")},
        ),
        (
            [ConsentRecord(
                ADA, ConsentLevel.EXPRESS, JOINED, ConsentMethod.APP, "marketing", ("news",),
                expires_at=NOW, promise=Promise(2, CalendarPeriod.MONTH),
            )],
            [],
            {
                ("news", "marketing"): (
                    False,
                    f"ended on 2026-11-22 12:00 UTC: {YES[1]}, promised at most 2 per month",
                ),
                ("news", "transactional"): NOTHING,
                (None, "marketing"): NOTHING,
            },
        ),
    ],
)  # fmt: skip
def test_what_holds_now_and_why(
    log: Path,
    found: list[ConsentRecord],
    wishes: list[OptOut],
    said: dict[tuple[str | None, str], tuple[bool, str]],
) -> None:
    recorded(log, *found)
    opted_out(log, *wishes)
    now = consent(log, "show", ADA.e164, "--json").document["now"]
    holds = {(each["topic"], each["purpose"]): (each["agreed"], each["why"]) for each in now}
    assert {key: holds[key] for key in said} == said
    assert next(iter(said.values()))[1] in consent(log, "show", ADA.e164).out


# --- export ---


@pytest.fixture
def full(log: Path) -> Path:
    everything = ConsentRecord(
        ADA, ConsentLevel.EXPRESS_WRITTEN, JOINED + timedelta(milliseconds=7), ConsentMethod.WEB_FORM,
        "marketing", ("news", "offers"), "2026-03-01T12:00+02:00", "@corner", 'Żółw, "yes"\n=HYPERLINK("x")',
        "pl", datetime(2028, 1, 1, tzinfo=UTC), "-scan", "MAU\x1b", Promise(1, timedelta(hours=36)),
        "june.csv:7", "eva@till",
    )  # fmt: skip
    today = ConsentRecord(
        BEN, ConsentLevel.NONE, NOW + timedelta(days=1), ConsentMethod.VERBAL, as_written="2026-11-22"
    )
    recorded(log, everything, today, yes(EVA))
    return log


@pytest.mark.parametrize("form", ["--jsonl", "--csv"])
def test_an_export_imported_again_adds_nothing_and_elsewhere_everything(
    full: Path, tmp_path: Path, form: str
) -> None:
    file = listed(tmp_path, consent(full, "export", form).out, f"all.{form.strip('-')}")
    assert consent(full, "import", file, "--json").document["new"] == 0
    other = empty(tmp_path / "other.db")
    assert consent(other, "import", file, "--json").document["new"] == 3
    here, there = (
        [{**each, "raw": "", "source": "", "by": ""} for each in consent(path, "export").lines]
        for path in (full, other)
    )
    assert here == there
    assert "(june.csv:7 by eva@till)" in records(other)[0].source


def test_an_export_has_every_field_and_full_numbers(full: Path) -> None:
    first = consent(full, "export").lines[0]
    assert first == {
        "number": ADA.e164, "level": "express_written", "at": "2026-03-01T10:00:00.007000Z",
        "as_written": "2026-03-01T12:00+02:00", "how": "web_form", "where": "@corner",
        "words": 'Żółw, "yes"\n=HYPERLINK("x")', "language": "pl", "purpose": "marketing",
        "topics": ["news", "offers"], "expires": "2028-01-01T00:00:00Z", "promise": "1 per 1d 12h",
        "proof": "-scan", "raw": "MAU\x1b", "source": "june.csv:7", "by": "eva@till",
        "recorded_at": "2026-11-22T12:00:00Z", "key": 1,
    }  # fmt: skip
    assert consent(full, "export", "--json").document["records"][0] == first
    assert "'=HYPERLINK" not in consent(full, "export", "--csv").out  # not at the start of its cell
    assert "'@corner" in consent(full, "export", "--csv").out
    assert "\x1b" not in consent(full, "export", "--csv").out


def test_since_narrows_to_what_was_recorded_then_or_later(full: Path) -> None:
    assert len(consent(full, "export", "--since", "2026-11-22").lines) == 3
    assert consent(full, "export", "--since", "2026-11-23").lines == []


@pytest.mark.parametrize("two", [("--csv", "--jsonl"), ("--csv", "--json"), ("--jsonl", "--json")])
def test_one_form_at_a_time(log: Path, two: tuple[str, str]) -> None:
    assert consent(log, "export", *two).code == 2
