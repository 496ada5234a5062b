"""Replies in the shapes that gateways document: every one is read the same, or told with its place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smscli.domain.errors import FilesError
from smscli.files.replies_file import Form, Part, RepliesFound, examine_replies, sender_of
from tests.support.workbooks import workbook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def examined(tmp_path: Path, content: object, name: str = "replies.csv", **how: Any) -> RepliesFound:
    path = tmp_path / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return examine_replies(path, now=NOW, **how)


def told(found: RepliesFound) -> list[tuple[str, str, str, str]]:
    assert found.problems == ()
    return [(reply.number.e164, reply.to, reply.text, reply.ref) for reply in found.replies]


SHAPES: Mapping[str, tuple[str, object]] = {
    "Twilio's export": (
        "twilio.csv",
        ("From,To,Body,Status,SentDate,ApiVersion,NumSegments,ErrorCode,AccountSid,Sid,Direction,Price\n"
        "+12025550101,+12025550143,Stop it,received,2026-11-20T10:00:00Z,2010-04-01,1,,AC1,SM1,inbound,\n"
        "+12025550143,+12025550101,Hi,delivered,2026-11-20T09:00:00Z,2010-04-01,1,,AC1,SM0,outbound-api,\n"),
    ),
    "Twilio's list": (
        "twilio.json",
        {
            "page": 0,
            "messages": [
                {"body": "Stop it", "direction": "inbound", "from": "+12025550101", "to": "+12025550143",
                 "date_created": "Fri, 20 Nov 2026 10:00:00 +0000", "sid": "SM1", "num_segments": "1"},
                {"body": "Hi", "direction": "outbound-reply", "from": "+12025550143", "to": "+12025550101",
                 "date_created": "Fri, 20 Nov 2026 09:00:00 +0000", "sid": "SM0"},
            ],
        },
    ),
    "Vonage's webhook": (
        "vonage.jsonl",
        {"api-key": "abcd1234", "msisdn": "12025550101", "to": "12025550143", "messageId": "SM1",
         "text": "Stop it", "type": "text", "keyword": "STOP", "message-timestamp": "2026-11-20 10:00:00",
         "timestamp": str(SECONDS)},
    ),
    "Infobip's inbox": (
        "infobip.json",
        {"results": [{"messageId": "SM1", "from": "12025550101", "to": "12025550143", "text": "Stop it",
                      "cleanText": "it", "keyword": "STOP", "receivedAt": "2026-11-20T10:00:00.000+0000",
                      "smsCount": 1}], "messageCount": 1, "pendingMessageCount": 0},
    ),
    "Infobip's webhook, a line each": (
        "infobip.jsonl",
        {"results": [{"messageId": "SM1", "from": "12025550101", "to": "12025550143", "text": "Stop it",
                      "receivedAt": "2026-11-20T11:00:00.000+0100"}], "messageCount": 1},
    ),
    "ClickSend's inbound": (
        "clicksend.json",
        {"http_code": 200, "data": {"total": 1, "from": 1, "to": 1, "data": [
            {"timestamp": str(SECONDS), "from": "+12025550101", "body": "Stop it", "_keyword": "stop",
             "original_body": "Our offer of the week", "message_id": "SM1", "to": "+12025550143"}]}},
    ),
    "Telnyx's webhook": (
        "telnyx.jsonl",
        {"data": {"event_type": "message.received", "id": "event", "occurred_at": "2026-11-20T10:00:01Z",
                  "payload": {"id": "SM1", "direction": "inbound", "text": "Stop it", "type": "SMS",
                              "from": {"phone_number": "+12025550101", "carrier": "x"},
                              "to": [{"phone_number": "+12025550143", "status": "webhook_delivered"}],
                              "received_at": "2026-11-20T10:00:00.000+00:00"}}},
    ),
    "Bandwidth's callback": (
        "bandwidth.json",
        [{"type": "message-received", "time": "2026-11-20T10:00:00Z", "to": "+12025550143",
          "message": {"id": "SM1", "direction": "in", "from": "+12025550101", "to": ["+12025550143"],
                      "text": "Stop it", "time": "2026-11-20T10:00:00Z"}}],
    ),
    "an Android gateway": (
        "phone.jsonl",
        {"event": "sms:received", "payload": {"messageId": "SM1", "message": "Stop it",
                                              "sender": "+12025550101", "recipient": "+12025550143",
                                              "receivedAt": "2026-11-20T11:00:00.000+01:00"}},
    ),
    "httpSMS": (
        "httpsms.json",
        {"data": [{"id": "SM1", "contact": "+12025550101", "owner": "+12025550143", "content": "Stop it",
                   "type": "mobile-originated", "received_at": "2026-11-20T10:00:00Z"},
                  {"id": "SM0", "contact": "+12025550101", "owner": "+12025550143", "content": "Hi",
                   "type": "mobile-terminated", "received_at": "2026-11-20T09:00:00Z"}]},
    ),
    "milliseconds, semicolons": (
        "plain.csv",
        f"originator;short_code;message;received_at;id\n+12025550101;+12025550143;Stop it;{SECONDS}000;SM1\n",
    ),
    "tabs and MO": (
        "plain.tsv",
        ("mo/mt\tmsisdn\tdestination\ttext\ttime\tmessage id\n"
        "mo\t+12025550101\t+12025550143\tStop it\t2026-11-20 10:00:00 UTC\tSM1\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_each_gateways_shape_gives_the_same_reply(tmp_path: Path, shape: str) -> None:
    name, content = SHAPES[shape]
    columns = {Part.DIRECTION: "mo/mt"} if "MO" in shape else None
    found = examined(tmp_path, content, name, columns=columns)
    assert told(found) == [("+12025550101", "+12025550143", "Stop it", "SM1")]
    assert [reply.at for reply in found.replies] == [AT]


def test_replies_come_in_the_order_of_their_times_and_know_their_lines(tmp_path: Path) -> None:
    rows = "from,text,at\n+12025550102,later,2026-11-20T10:01:00Z\n+12025550101,sooner,2026-11-20T10:00:00Z\n"
    found = examined(tmp_path, rows)
    assert [(reply.text, reply.source) for reply in found.replies] == [
        ("sooner", "replies.csv:3"), ("later", "replies.csv:2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "zone", "at"),
    [
        ("2026-11-20T10:00:00Z", None, AT),
        ("2026-11-20T12:00:00+02:00", None, AT),
        ("2026-11-20 10:00:00 +0000", None, AT),
        ("2026-11-20 10:00:00 GMT", None, AT),
        ("Fri, 20 Nov 2026 10:00:00 +0000", None, AT),
        (str(SECONDS), None, AT),
        (f"{SECONDS}.000", None, AT),
        (f"{SECONDS}000", None, AT),
        ("2026-11-20 11:00", "Europe/Warsaw", AT),
        ("2026-11-20 10:00:00", "UTC", AT),
        ("2026-11-20T10:00:00Z", "Europe/Warsaw", AT),  # what it says outranks the option
    ],
)
def test_times_are_read_as_gateways_write_them(
    tmp_path: Path, written: str, zone: str | None, at: datetime
) -> None:
    found = examined(tmp_path, {"from": "+12025550101", "text": "x", "at": written}, "a.jsonl", zone=zone)
    assert [reply.at for reply in found.replies] == [at]


@pytest.mark.parametrize(
    ("record", "code", "says"),
    [
        ({"at": "2026-11-20 10:00:00"}, "time_needs_zone", "--timezone Europe/Warsaw"),
        ({"at": "20.11.2026 10:00"}, "bad_time", "is not a date and time"),
        ({"at": "2026-11-20"}, "bad_time", "is not a date and time"),
        ({"at": "soon"}, "bad_time", "is not a date and time"),
        ({"at": "2026-12-24T10:00:00Z"}, "bad_time", "lies in the future"),
        ({"at": "1970-01-01T00:00:00Z"}, "bad_time", "lies before the year 2000"),
        ({"at": ""}, "missing_time", "--columns at=NAME"),
        ({"from": ""}, "missing_number", "--columns number=NAME"),
        ({"from": "512345678"}, "number_needs_country", "--region PL"),
        ({"from": "+120255501"}, "too_short", "digits are missing"),
        ({"direction": "sideways"}, "bad_direction", "inbound or outbound"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place_and_no_whole_number(
    tmp_path: Path, record: dict[str, str], code: str, says: str
) -> None:
    good = {"from": "+12025550101", "text": "hello", "at": "2026-11-20T10:00:00Z"}
    lines = "\n".join(map(json.dumps, [good, good | record]))
    found = examined(tmp_path, lines, "a.jsonl")
    assert len(found.replies) == 1
    [problem] = found.problems
    assert (problem.code, problem.where.line) == (code, 2)
    assert says in f"{problem.message}; {problem.hint}"
    assert "512345678" not in f"{problem}{problem.hint}{problem.value}"


def test_a_row_without_a_text_key_is_told_and_an_empty_text_is_a_reply(tmp_path: Path) -> None:
    lines = '{"from": "+12025550101", "at": "2026-11-20T10:00:00Z", "num_media": 1}\n'
    [problem] = examined(tmp_path, lines, "a.jsonl").problems
    assert problem.code == "missing_text"
    found = examined(tmp_path, lines.replace('"num', '"text": null, "num'), "a.jsonl")
    assert [reply.text for reply in found.replies] == [""]


def test_senders_that_are_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = "from,text,at\nVodafone,hi,2026-11-20T10:00:00Z\n3344,hi,2026-11-20T10:00:00Z\n"
    found = examined(tmp_path, rows)
    assert (found.replies, found.problems, found.nameless) == ((), (), 2)


def test_columns_with_names_of_their_own_are_mapped(tmp_path: Path) -> None:
    rows = "Who,What,When,from\n+12025550101,STOP,2026-11-20T10:00:00Z,web\n"
    with pytest.raises(FilesError, match="no column says the text and the time") as caught:
        examined(tmp_path, rows)
    assert "--columns text=NAME" in caught.value.hint
    named = {Part.NUMBER: "who", Part.TEXT: "What", Part.AT: "WHEN"}
    assert told(examined(tmp_path, rows, columns=named)) == [("+12025550101", "", "STOP", "")]


def test_rows_with_too_few_cells_or_open_quotes_are_told(tmp_path: Path) -> None:
    rows = 'from,text,at\n+12025550101,"STOP\n+12025550102,STOP\n+12025550103,STOP,2026-11-20T10:00:00Z\n'
    found = examined(tmp_path, rows)
    assert {problem.code for problem in found.problems} == {"broken_row"}
    found = examined(tmp_path, rows.replace('"', ""))
    assert [(problem.code, problem.where.line) for problem in found.problems] == [
        ("wrong_cells", 2), ("wrong_cells", 3),
    ]  # fmt: skip


def test_a_text_of_several_lines_stays_whole(tmp_path: Path) -> None:
    rows = 'from,text,at\n+12025550101,"STOP\nKaren",2026-11-20T10:00:00Z\n'
    assert told(examined(tmp_path, rows)) == [("+12025550101", "", "STOP\nKaren", "")]


def test_numbers_of_a_region_and_full_ones_without_a_plus(tmp_path: Path) -> None:
    def number(text: str, region: str | None) -> str:
        record = {"from": text, "text": "x", "at": "2026-11-20T10:00:00Z"}
        return examined(tmp_path, record, "a.jsonl", region=region).replies[0].number.e164

    assert number("512345678", "PL") == "+48512345678"
    assert number("48512345678", None) == "+48512345678"
    assert number("48512345678", "PL") == "+48512345678"
    assert number("whatsapp:+12025550101", None) == "+12025550101"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("+1 (202) 555-0143", "+12025550143"),
        ("12025550143", "+12025550143"),
        ("3344", "3344"),
        ("Garage", "Garage"),
        ("whatsapp:+12025550143", "+12025550143"),
        ("", ""),
    ],
)
def test_our_own_number_is_written_one_way(written: str, plain: str) -> None:
    assert sender_of(written, None) == plain


def test_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "replies.xlsx"
    rows = [["from", "text", "at"], ["+12025550101", "STOP", "2026-11-20T10:00:00Z"]]
    path.write_bytes(workbook(*rows))
    assert told(examine_replies(path, now=NOW)) == [("+12025550101", "", "STOP", "")]


def test_a_compressed_file_and_a_form_that_is_said_are_read(tmp_path: Path) -> None:
    record = {"from": "+12025550101", "text": "STOP", "at": "2026-11-20T10:00:00Z"}
    path = tmp_path / "replies.gz"
    path.write_bytes(gzip.compress(json.dumps([record]).encode()))
    assert told(examine_replies(path, now=NOW)) == [("+12025550101", "", "STOP", "")]
    path.write_text(json.dumps([record], indent=1), encoding="utf-8")
    assert told(examine_replies(path, now=NOW, form=Form.JSON)) == [("+12025550101", "", "STOP", "")]
    path.write_text(json.dumps([record]), encoding="utf-8")
    assert [problem.code for problem in examine_replies(path, now=NOW, form=Form.JSONL).problems] == [
        "bad_line"
    ]


@pytest.mark.parametrize("content", ["[{", '{"from": 1', "[" * 100_000])
def test_json_that_breaks_off_is_refused_in_words(tmp_path: Path, content: str) -> None:
    with pytest.raises(FilesError, match="is not JSON"):
        examined(tmp_path, content, "a.json")


def test_a_file_of_nothing_is_refused_and_an_empty_inbox_is_not(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="is empty"):
        examined(tmp_path, "")
    assert examined(tmp_path, {"results": [], "messageCount": 0}, "a.json").replies == ()
    assert examined(tmp_path, [], "a.json").replies == ()
