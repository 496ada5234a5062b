"""Hints about a gateway: whoever reads one learns where its address is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smscli.domain.profile import SecretName, Value, words
from smscli.files.profile_file import load_preset
from smscli.gateway.hints import ADDRESS, CREDENTIALS, PROFILE, hint_for

GENERIC = load_preset("generic-json")
SHOWN = "check the address: smscli gateway show generic-json"
HOST, TOKEN = ("host", SecretName("SMS_HOST")), ("account", SecretName("SMS_ACCOUNT"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (SecretName("SMS_GATEWAY_URL"), "check SMS_GATEWAY_URL"),
        (words("https://{host}/messages"), "check SMS_HOST"),
        (words("https://{host}/{account}/messages"), "check SMS_HOST"),
        (words("https://sms.example.com/{account}/messages"), SHOWN),
        (words("https://sms.example.com/messages"), SHOWN),
    ],
)
def test_an_address_is_looked_for_where_it_is_written(url: Value, said: str) -> None:
    call = replace(GENERIC.wire.call, url=url, variables=(HOST, TOKEN))
    profile = replace(GENERIC, wire=replace(GENERIC.wire, call=call))
    assert hint_for(profile, f"check {ADDRESS}") == said


def test_credentials_are_looked_for_where_they_are_written() -> None:
    assert hint_for(GENERIC, f"check {CREDENTIALS}") == "check SMS_GATEWAY_TOKEN"
    assert hint_for(load_preset("twilio"), f"check {CREDENTIALS}") == (
        "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
    )
    none = hint_for(load_preset("sandbox"), f"check {CREDENTIALS}")
    assert none == "check the credentials: smscli gateway show sandbox"


def test_a_hint_names_the_profile() -> None:
    assert hint_for(GENERIC, f"smscli gateway try {PROFILE}") == "smscli gateway try generic-json"
