"""What goes wrong in one simulation, and how often: everything about it is drawn from the seed, before it begins."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

HOUR = 3600.0
LONGEST_LAG = 900
"""Seconds by which the authority's lists lag at most, where they keep to the design's bound."""
BROKEN_LAG = 10_800
"""Seconds by which they lag where they do not."""
LONGEST_PROCESSING = 240


class Check(StrEnum):
    """What the authority does with a repeated reference, and what the gateway has been told about it."""

    ATOMIC = "atomic"
    """It refuses it, always; the gateway has seen it do so."""
    RACY = "racy"
    """It refuses it unless both calls are in work at once; the gateway has seen it refuse one."""
    OFF = "off"
    """It takes it; the gateway sends nothing again without a person."""
    OFF_SIGNED = "off, resending signed"
    """It takes it; the owner has signed that the gateway may send again."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which something is away, in seconds from the start."""

    begin: float
    end: float

    def covers(self, moment: float) -> bool:
        """Whether it is away at this moment."""
        return self.begin <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Everything that is drawn beforehand. Rates are probabilities for each occasion."""

    seconds: float
    """How long faults last."""
    workers: int
    sales: int
    check: Check
    lag: int
    """Most seconds until the authority's lists show a document."""
    processing: int
    """Most seconds that the authority works on an upload."""
    stock_first: bool
    """The authority looks at the stock before the reference: our own first copy can make it refuse the second."""
    names_existing: bool
    """A refusal of a used reference names the document that has it."""
    key_lifetime: int
    foreign: float
    """Share of references that another system has used before us, for something else."""
    bad: float
    """Share of documents that the authority refuses until they are corrected."""
    imports: int
    """So many sales are handed in at one moment by an import: they may share messages."""
    max_batch: int
    """Most documents that the authority takes in one message."""

    crash: float
    """A process dies, for each of its steps."""
    crash_at_commit: float
    """It dies between a commit and hearing of it; as often just before."""
    crash_at_wire: float
    """It dies when its request has just left, or when the answer is there and not read."""
    pause: float
    """A process stands still, for each of its steps."""
    pause_at_wire: float
    """It stands still when its request has just left, or when the answer is there and not read."""
    slow: float
    """A message takes long."""
    late: float
    """A request arrives minutes after it was sent."""
    lost: float
    """A request never arrives; as often its answer does not."""
    doubled: float
    """A request arrives twice."""
    fault: float
    """The authority answers badly: garbled, 5xx, 99 before or after it has acted, session key expired."""
    commit_lost: float
    """The database fails before a commit, or after it without saying so."""

    authority_away: tuple[Spell, ...]
    database_away: tuple[Spell, ...]
    device_blocked: tuple[Spell, ...]
    authority_steps: tuple[tuple[float, float], ...]
    """When its clock jumps, and by how many seconds."""
    process_steps: tuple[tuple[float, float], ...]
    """When a worker's wall clock jumps, and by how many seconds."""

    @property
    def lateness_of_clocks(self) -> float:
        """Seconds by which jumps of clocks may make things later.

        The quiet period grows by the largest jump of theirs. What was written down by a clock of ours that was ahead
        comes due later by as much; one that is behind makes nothing later.
        """
        theirs = max((abs(size) for _, size in self.authority_steps), default=0.0)
        return theirs + sum(size for _, size in self.process_steps if size > 0)

    @property
    def disagreement_of_clocks(self) -> float:
        """Seconds by which the wall clocks of our processes may differ at most."""
        return sum(abs(size) for _, size in self.process_steps)

    @property
    def lag_is_bounded(self) -> bool:
        """Whether the authority's lists keep to the design's bound."""
        return self.lag <= LONGEST_LAG


def forecast(seed: int, hours: tuple[float, float]) -> Weather:
    """Draw the weather of a seed; `hours` bounds how long faults last."""
    chance = Random(f"{seed}/weather")
    seconds = HOUR * chance.uniform(*hours)
    check = chance.choices(tuple(Check), (4, 3, 2, 3))[0]
    lag_breaks = check is Check.ATOMIC and chance.random() < 0.35  # noqa: PLR2004 - a third
    rough = chance.choice((0.3, 1.0, 1.0, 2.0))

    def rate(most: float) -> float:
        return rough * most * chance.random() * chance.choice((0.0, 1.0, 1.0))

    def spells(most: int, longest: float) -> tuple[Spell, ...]:
        begins = sorted(chance.uniform(0, seconds) for _ in range(chance.randrange(most + 1)))
        return tuple(Spell(begin, begin + chance.uniform(1, longest)) for begin in begins)

    def steps(most: int, sizes: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
        return tuple(
            (chance.uniform(0, seconds), chance.choice(sizes) * chance.random()) for _ in range(chance.randrange(most))
        )

    weather = Weather(
        seconds=seconds,
        workers=chance.choice((2, 2, 2, 3)),
        sales=chance.randrange(2, 7),
        check=check,
        lag=BROKEN_LAG if lag_breaks else chance.choice((0, 30, 300, LONGEST_LAG)),
        processing=chance.choice((0, 1, 20, LONGEST_PROCESSING)),
        stock_first=chance.random() < 0.4,  # noqa: PLR2004
        names_existing=chance.random() < 0.7,  # noqa: PLR2004
        key_lifetime=chance.choice((900, 3600, 86_400)),
        foreign=chance.choice((0.0, 0.0, 0.2)),
        bad=chance.choice((0.0, 0.3)),
        imports=0,
        max_batch=100,
        crash=rate(0.0008),
        crash_at_commit=rate(0.05),
        crash_at_wire=rate(0.2),
        pause=rate(0.0008),
        pause_at_wire=rate(0.4),
        slow=rate(0.3),
        late=rate(0.5),
        lost=rate(0.3),
        # An intermediary that repeats a request gives a document twice where the authority lets it, whatever we do.
        doubled=rate(0.3) if check is Check.ATOMIC else 0.0,
        fault=rate(0.4),
        commit_lost=rate(0.06),
        authority_away=spells(2, 1500),
        database_away=spells(2, 240),
        device_blocked=spells(1, 900),
        authority_steps=steps(3, (660.0, -660.0, 90.0, -90.0)),
        process_steps=steps(4, (660.0, -660.0, -3600.0)),
    )
    weather = _with_imports(weather, Random(f"{seed}/imports"))
    # Where it looks at the stock first, the second of two copies is refused for what the first has sold. Asking shows
    # the first, if the lists do not lag at the same time: that is where the design's promise ends.
    if weather.stock_first and weather.doubled and weather.lag and chance.random() < 0.5:  # noqa: PLR2004 - half
        return replace(weather, lag=0)
    return replace(weather, doubled=0.0) if weather.stock_first and weather.lag else weather


def _with_imports(weather: Weather, chance: Random) -> Weather:
    """Have an import in every third seed; the others stay what they were before there were any."""
    if chance.random() >= 1 / 3:
        return weather
    imports = chance.randrange(3, 7)
    return replace(
        weather, imports=imports, sales=weather.sales + imports - 1, max_batch=chance.choice((2, 3, 100, 100))
    )
