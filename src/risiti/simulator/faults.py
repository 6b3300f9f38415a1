"""What goes wrong, as data: which call, at which moment, how often, for how long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from threading import Lock

from risiti.simulator.settings import SettingsError, read_decimal

BEFORE = {
    "latency": "the call is processed only after `seconds`",
    "hang": "nothing is processed; the connection breaks after `seconds` (3600 if not given)",
    "drop_before": "the connection is closed, nothing is processed",
    "close": "the connection is reset, nothing is processed",
    "late_delivery": "the connection is closed at once; the call is processed `seconds` later",
    "http_500": "status 500, nothing is processed",
    "http_502": "status 502 with a proxy's page, nothing is processed",
    "http_503": "status 503 with a proxy's page, nothing is processed",
    "html": "status 200 with a maintenance page, nothing is processed",
    "empty_body": "status 200 with nothing in it, nothing is processed",
    "garbage": "status 200 with bytes that are no JSON, nothing is processed",
    "error_99": "code 99, nothing is processed",
    "key_expired": "code 402, nothing is processed",
    "refuse": "code `code`, nothing is processed",
}
"""Faults that strike before the call is looked at: no document is stored."""

AFTER = {
    "latency_after": "the call is processed at once, the answer comes after `seconds`",
    "hang_after": "processed; no answer, the connection breaks after `seconds` (3600 if not given)",
    "drop_after": "processed; the connection is closed without an answer",
    "http_500_after": "processed; status 500",
    "http_502_after": "processed; status 502 with a proxy's page",
    "http_503_after": "processed; status 503 with a proxy's page",
    "html_after": "processed; status 200 with a maintenance page",
    "empty_body_after": "processed; status 200 with nothing in it",
    "garbage_after": "processed; status 200 with bytes that are no JSON",
    "error_99_after": "processed; code 99",
    "refuse_after": "processed; code `code`",
    "duplicate_delivery": "processed and answered, and processed once more `seconds` later",
}
"""Faults that strike when everything is processed and stored."""

IN_ANSWER = {
    "truncated": "processed; the connection breaks in the middle of the answer",
    "wrong_signature": "processed; the answer's signature is not the authority's",
    "other_key": "processed; the answer is encrypted with a key nobody has",
    "other_exchange_id": "processed; the answer carries another dataExchangeId",
    "lag": "T106 and T107 do not show documents younger than `seconds` (none at all if not given)",
}
"""Faults in the answer itself."""

FAULTS: Mapping[str, str] = BEFORE | AFTER | IN_ANSWER
"""Every fault by name, with what it does."""

HANG_SECONDS = Decimal(3600)
_KEYS = ("fault", "interface", "probability", "times", "seconds", "code")


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule of the plan.

    Attributes:
        fault: A name of `FAULTS`.
        interface: Interface code it strikes, or None for every call.
        probability: Chance to strike a call, 0 to 1.
        times: How often it still strikes; None for always.
        seconds: How long, for the faults that take time; None if not given.
        code: Return code, for `refuse` and `refuse_after`.
    """

    fault: str
    interface: str | None = None
    probability: Decimal = Decimal(1)
    times: int | None = None
    seconds: Decimal | None = None
    code: str = ""

    @classmethod
    def from_json(cls, data: object) -> "Fault":
        """Read one rule.

        Raises:
            SettingsError: an unknown fault or member, or a value of the wrong type or range.
        """
        if not isinstance(data, dict):
            raise SettingsError("a fault is a JSON object")
        unknown = sorted(set(data) - set(_KEYS))
        if unknown:
            raise SettingsError(f"a fault has no {', '.join(unknown)}; it has {', '.join(_KEYS)}")
        name, interface = data.get("fault"), data.get("interface")
        times, seconds, code = data.get("times"), data.get("seconds"), data.get("code", "")
        if not isinstance(name, str) or name not in FAULTS:
            raise SettingsError(f"fault must be one of {', '.join(FAULTS)}")
        if interface is not None and not isinstance(interface, str):
            raise SettingsError("interface must be an interface code, or null for all")
        if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
            raise SettingsError("times must be a whole number, 1 or more, or null for always")
        probability = read_decimal("probability", data.get("probability", 1))
        if probability > 1:
            raise SettingsError("probability must be between 0 and 1")
        if not isinstance(code, str) or (name in ("refuse", "refuse_after")) != bool(code):
            raise SettingsError("code goes with refuse and refuse_after, and only with them")
        return cls(
            name, interface, probability, times, None if seconds is None else read_decimal("seconds", seconds), code
        )

    def to_json(self) -> dict[str, object]:
        """Return the rule as JSON values."""
        return {
            "fault": self.fault,
            "interface": self.interface,
            "probability": str(self.probability),
            "times": self.times,
            "seconds": None if self.seconds is None else str(self.seconds),
            "code": self.code,
        }


class FaultPlan:
    """The faults in force. Each call draws those that strike it; a rule with `times` wears out."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._lock = Lock()
        self._rules: list[Fault] = []

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules that can still strike."""
        with self._lock:
            return tuple(self._rules)

    def set(self, rules: Iterable[Fault]) -> None:
        """Replace the plan."""
        with self._lock:
            self._rules = list(rules)

    def clear(self) -> None:
        """Let everything work."""
        self.set(())

    def draw(self, interface: str) -> dict[str, Fault]:
        """Return the faults that strike this call, by name, and count them down."""
        struck: dict[str, Fault] = {}
        with self._lock:
            left: list[Fault] = []
            for rule in self._rules:
                hit = (
                    rule.interface in (None, interface)
                    and rule.fault not in struck
                    and (rule.probability >= 1 or Decimal(self._chance.random()) < rule.probability)
                )
                if hit:
                    struck[rule.fault] = rule
                if not hit or rule.times is None:
                    left.append(rule)
                elif rule.times > 1:
                    left.append(replace(rule, times=rule.times - 1))
            self._rules = left
        return struck
