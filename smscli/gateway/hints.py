"""What a hint leaves open until it is known which gateway: its name, and where its address is written."""

from __future__ import annotations

from collections.abc import Iterator

from smscli.domain.profile import Call, GatewayProfile, SecretName

#: Stands in hints for the name of the profile, which only the gateway knows.
PROFILE = "PROFILE"

#: Stands in hints for what holds the gateway's address.
ADDRESS = "ADDRESS"

#: Stands in hints for what holds the credentials.
CREDENTIALS = "CREDENTIALS"


def hint_for(profile: GatewayProfile, hint: str) -> str:
    """The hint about this gateway.

    Where environment variables hold its address or the credentials they are named, as `gateway show` never
    shows what they hold.
    """
    if not hint:
        return ""
    of_address = tuple(_of_address(profile.wire.call))
    others = [name for name in profile.secrets if name not in of_address]
    address = " and ".join(of_address) or f"the address: smscli gateway show {PROFILE}"
    credentials = " and ".join(others) or f"the credentials: smscli gateway show {PROFILE}"
    said = hint.replace(ADDRESS, address).replace(CREDENTIALS, credentials)
    return said.replace(PROFILE, profile.name)


def _of_address(call: Call) -> Iterator[str]:
    """The environment variables of scheme, host and port; those of the path do not say where it is."""
    if isinstance(call.url, SecretName):
        yield call.url.env
        return
    named, slashes = dict(call.variables), 0
    for part in call.url.parts:
        if isinstance(part, str):
            slashes += part.count("/")
        elif slashes <= 2 and isinstance(value := named.get(part.name), SecretName):
            yield value.env
