"""One measured result, as people and programs read it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """A result: what was measured, the sentence that says how it came out, and its figures by name and unit."""

    name: str
    sentence: str
    figures: dict[str, float] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return the line that is printed."""
        return f"{self.name}: {self.sentence}"

    def as_json(self) -> dict[str, object]:
        """Return the result as plain values."""
        return {"name": self.name, "sentence": self.sentence, **self.figures}


def at(share: float, sorted_values: list[float]) -> float:
    """Return the value below or at which that share (0 to 1) of the values lies; values are in rising order."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
