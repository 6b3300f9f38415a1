"""The switches of operators: keep everything away from an upstream or from one device, until it is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import Invalid, NotFound
from risiti.gateway.resilience.breaker import Phase, Standing
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.gates import CallClass
from risiti.gateway.submissions.upstreams import scope_of
from risiti.gateway.tenancy.tables import Device

_CLASSES: Final = {"": CallClass.SESSION, "submit": CallClass.SUBMIT, "query": CallClass.QUERY}


@dataclass(frozen=True, slots=True)
class Switch:
    """What a person wants."""

    target: str
    """`test`, `live`, one class of calls there (`test:submit`, `test:query`), or a device's id (`dev_...`)."""
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Switched:
    """How it stands now."""

    target: str
    breaker: Phase
    paused_by: str | None
    since: datetime | None
    reason: str


def pause(session: Session, urls: Mapping[str, str], now: datetime, switch: Switch) -> Switched:
    """Keep it open until it is resumed: nothing is sent and nothing asked; documents are accepted and wait.

    Raises:
        Invalid: no reason is given.
        NotFound: there is no such environment with an address, and no such device.
    """
    if not switch.reason.strip():
        raise Invalid("Say why: whoever finds it paused has to know.", code="reason_missing")
    scope = _scope(session, urls, switch.target)
    return _switched(switch, standings.pause(session, scope=scope, by=switch.by, reason=switch.reason, now=now))


def resume(session: Session, urls: Mapping[str, str], now: datetime, switch: Switch) -> Switched:
    """Let it be tried; work goes on once the authority has answered a try.

    Raises:
        NotFound: as above.
    """
    scope = _scope(session, urls, switch.target)
    return _switched(switch, standings.resume(session, scope=scope, by=switch.by, now=now))


def _scope(session: Session, urls: Mapping[str, str], target: str) -> str:
    environment, _, which = target.partition(":")
    if environment in urls and which in _CLASSES:
        return scope_of(urls[environment], _CLASSES[which])
    if session.get(Device, target) is not None:
        return f"device:{target}"
    raise NotFound(f"{target} is neither an environment that has an address nor a device.", code="target_not_found")


def _switched(switch: Switch, standing: Standing) -> Switched:
    return Switched(switch.target, standing.phase, standing.paused_by, standing.since, standing.reason)
