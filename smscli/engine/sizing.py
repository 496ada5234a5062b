"""How many messages one request holds, and in which order they leave so that requests fill.

Knows what a gateway carries and what one window of its pace holds. Knows no clock: sizes depend on the order
of the plan and on what was accepted before, so that a preview can count the requests that `send` will make.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from smscli.domain.ports import SendOrder
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateScope, RateUnit
from smscli.engine.pacing import capacity

#: No request and no claim holds more. A claim is one transaction: of 30,000 messages it would keep every
#: other writer of the log waiting for seconds; and in doubt is as large as the request.
MOST_AT_ONCE = 5_000

_NEARLY_ALL = 0.95
_ONE_SENDER = (BatchMode.FANOUT, BatchMode.MERGE)


class Sizing:
    """Says of each message whether the request that is being formed holds it too.

    A request begins with a message, whatever that weighs; others join while they may share it and while one
    window of every pace holds them together.
    """

    def __init__(self, profile: GatewayProfile) -> None:
        mode, most = profile.batch, 1
        if mode is not BatchMode.ONE:
            most = max(1, min(profile.batch_max, MOST_AT_ONCE))
        self._one_sender = mode in _ONE_SENDER
        self._one_text = mode is BatchMode.FANOUT
        several = mode is BatchMode.LIST  # one request, several senders, and each may have its own pace
        of_all = [rate for rate in profile.rates if rate.per is RateScope.GATEWAY or not several]
        of_senders = [rate for rate in profile.rates if rate.per is RateScope.SENDER and several]
        self.most = int(min(most, _held(of_all, RateUnit.MESSAGE, most, most)))
        self._segments = _held(of_all, RateUnit.SEGMENT, most, inf)
        self._each_sender = bool(of_senders)
        self._messages_each = _held(of_senders, RateUnit.MESSAGE, most, inf)
        self._segments_each = _held(of_senders, RateUnit.SEGMENT, most, inf)
        self._senders: dict[str, tuple[float, float]] = {}
        self._sender = self._text = ""
        self._room = 0
        self._segments_left = 0.0

    def begin(self, sender: str, text: str, segments: int, limit: int) -> None:
        """A request of at most `limit` messages begins with this one."""
        self._sender, self._text = sender, text
        self._room = min(self.most, limit) - 1
        self._segments_left = self._segments - segments
        if self._each_sender:
            self._senders = {sender: (self._messages_each - 1, self._segments_each - segments)}

    def joins(self, sender: str, text: str, segments: int, count: int = 1) -> int:
        """Of `count` messages alike, so many join the request; none once it is full."""
        if self._one_sender and (sender != self._sender or (self._one_text and text != self._text)):
            return 0
        fits = min(count, self._room)
        if self._segments_left < fits * segments:
            fits = max(0, int(self._segments_left // segments))
        if self._each_sender:
            fits = self._of_sender(sender, segments, fits)
        self._room -= fits
        self._segments_left -= fits * segments
        return fits

    def _of_sender(self, sender: str, segments: int, wanted: int) -> int:
        messages, units = self._senders.get(sender, (self._messages_each, self._segments_each))
        fits = max(0, int(min(wanted, messages, units // segments)))
        self._senders[sender] = (messages - fits, units - fits * segments)
        return fits


def order_of(profile: GatewayProfile) -> SendOrder:
    """The order in which messages leave for this gateway.

    Where each sender has a pace of its own, senders take turns, each with what one of its requests (or one
    window, of one message a request) holds; else one would wait for the pace of another.
    """
    per_sender = [rate for rate in profile.rates if rate.per is RateScope.SENDER]
    in_segments = any(rate.counts is RateUnit.SEGMENT for rate in per_sender or profile.rates)
    if not per_sender:
        return SendOrder(profile.batch, 0, in_segments)
    if profile.batch is BatchMode.ONE:
        return SendOrder(profile.batch, min(map(capacity, per_sender)), in_segments)
    most = max(1, min(profile.batch_max, MOST_AT_ONCE))
    turn = min(_held(per_sender, counts, most, most) for counts in (RateUnit.MESSAGE, RateUnit.SEGMENT))
    return SendOrder(profile.batch, min(most, int(turn)), in_segments)


def _held(rates: Sequence[Rate], counts: RateUnit, most: int, otherwise: float) -> float:
    """Units of one window that a request takes at the most."""
    return min((share(capacity(rate), most) for rate in rates if rate.counts is counts), default=otherwise)


def share(whole: int, most: int) -> int:
    """What one request may take of a window that holds `whole`, so that full requests use the window up.

    Of 25 a second, requests of 10 would use 20 and those of 8 use 24. More requests are no gain where the
    full ones use nearly all of it.
    """
    used = whole // most * most
    if most >= whole or used >= _NEARLY_ALL * whole:
        return whole
    even = whole // -(-whole // most)
    return even if whole // even * even > used else whole
