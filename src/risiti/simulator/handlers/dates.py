"""The date formats of an answer, as the caller asks for them in extendField."""

from collections.abc import Mapping

from risiti.simulator.gate import TIME_FORMAT, Call
from risiti.simulator.values import JsonValue

_PATTERNS = {
    "dd/MM/yyyy": "%d/%m/%Y",
    "yyyy-MM-dd": "%Y-%m-%d",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-MM-dd HH:mm:ss": TIME_FORMAT,
}


def dates_of(call: Call) -> tuple[str, str]:
    """Return the strftime formats of dates and of times in the answer, as the caller asked (dd/MM/yyyy by default)."""
    extend = call.global_info.get("extendField")
    asked = extend if isinstance(extend, Mapping) else {}
    return (
        _pattern(asked.get("responseDateFormat"), "dd/MM/yyyy"),
        _pattern(asked.get("responseTimeFormat"), "dd/MM/yyyy HH:mm:ss"),
    )


def _pattern(asked: JsonValue, default: str) -> str:
    return _PATTERNS.get(asked if isinstance(asked, str) else default, _PATTERNS[default])
