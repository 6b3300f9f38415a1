"""`python -m proof`: run simulations seed by seed, or find the seeded bugs; what fails is printed with its replay."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Annotated

import typer

from proof.mutants import MUTANTS, Mutant
from proof.world import Mode, Report, simulate

AT_ONCE = 25
"""Seeds that are given to a process at a time."""
SEEDS_FOR_A_MUTANT = 300


def main(  # noqa: PLR0917 - typer calls it by name
    seeds: Annotated[int, typer.Option(min=1, help="How many simulations.")] = 300,
    first: Annotated[int, typer.Option("--from", min=1, help="The first seed.")] = 1,
    mode: Annotated[Mode | None, typer.Option(help="What for; by default seeds take turns.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    every: Annotated[int, typer.Option(min=1, help="Print a line each so many seeds.")] = 100,
    trace: Annotated[bool, typer.Option("--trace", help="Print all that happens.")] = False,
    mutants: Annotated[bool, typer.Option("--mutants", help="Find the seeded bugs instead.")] = False,
    mutant: Annotated[str | None, typer.Option(help="With the engine broken in this way.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Run the engine in simulated time while everything fails, and hold every step against its promises.

    Each seed is one simulation, and the same seed is the same simulation. Without --mode, even seeds look for safety
    (nothing wrong ever happens) and odd ones for liveness too (once the faults stop, everything comes to an end).

    Example: python -m proof --seeds 1 --from 42 --trace
    """
    if mutants:
        raise typer.Exit(_find_mutants(as_json=as_json))
    broken = _mutant(mutant) if mutant else None
    tally = _Tally(every, first + seeds - 1, as_json=as_json)
    show = partial(print, flush=True) if trace else None
    for report in _reports(range(first, first + seeds), mode, jobs, broken, show):
        tally.add(report)
    raise typer.Exit(tally.end())


def _reports(
    seeds: range, mode: Mode | None, jobs: int, mutant: Mutant | None, show: Callable[[str], None] | None
) -> Iterator[Report]:
    run = partial(_run_some, mode=mode, mutant=mutant.name if mutant else None)
    if jobs == 1 or show is not None:
        for seed in seeds:
            yield from _run_some((seed,), mode, mutant.name if mutant else None, show)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for reports in pool.map(run, _batches(seeds)):
            yield from reports


def _run_some(
    seeds: Iterable[int], mode: Mode | None, mutant: str | None, show: Callable[[str], None] | None = None
) -> list[Report]:
    if mutant is None:
        return [simulate(seed, mode, show) for seed in seeds]
    with _mutant(mutant).applied():
        return [simulate(seed, mode, show) for seed in seeds]


class _Tally:
    """Adds the reports up, and prints what is worth it."""

    def __init__(self, every: int, last: int, *, as_json: bool) -> None:
        self._every = every
        self._last = last
        self._as_json = as_json
        self._began = time.monotonic()
        self._cpu = time.process_time()
        self._seeds = 0
        self._hours = 0.0
        self._counts: Counter[str] = Counter()
        self._seeds_with: Counter[str] = Counter()
        self._failed: list[Report] = []

    def add(self, report: Report) -> None:
        """Add one."""
        self._seeds += 1
        self._hours += report.simulated_seconds / 3600
        self._counts.update(report.counts)
        self._seeds_with.update(report.counts.keys())
        if report.violation is not None:
            self._failed.append(report)
            _print_failure(report)
        if self._seeds % self._every == 0 and not self._as_json:
            print(f"seed {report.seed} of {self._last}: {len(self._failed)} violations, {self._pace()}", flush=True)

    def end(self) -> int:
        """Print the totals; return the exit code."""
        if self._as_json:
            import json  # noqa: PLC0415 - only here

            found = [{"seed": one.seed, "violation": str(one.violation)} for one in self._failed]
            totals, seeds_with = dict(self._counts), dict(self._seeds_with)
            print(json.dumps({"seeds": self._seeds, "violations": found, "totals": totals, "seeds_with": seeds_with}))
            return 1 if self._failed else 0
        print(
            f"\n{self._seeds} seeds, {len(self._failed)} violations; {self._hours:.0f} simulated hours, {self._pace()}"
        )
        self._print_coverage()
        if self._failed:
            print("failed: " + ", ".join(str(report.seed) for report in self._failed))
        return 1 if self._failed else 0

    def _print_coverage(self) -> None:
        """Print how often what happened: a fault that never strikes, or a move that is never made, proves nothing."""
        print(f"\n  {'':<52} {'per 100 seeds':>13} {'in % of seeds':>13}")
        for name, count in sorted(self._counts.items()):
            often, wide = 100 * count / self._seeds, 100 * self._seeds_with[name] / self._seeds
            print(f"  {name:<52} {often:>13.1f} {wide:>13.1f}")

    def _pace(self) -> str:
        cpu = (time.process_time() - self._cpu) / self._seeds
        return f"{self._seeds / (time.monotonic() - self._began):.2f} seeds/s, {cpu:.2f} s of CPU a seed"


def _print_failure(report: Report) -> None:
    print(f"\nseed {report.seed} ({report.mode}), step {report.steps}: {report.violation}", file=sys.stderr)
    for line in report.last:
        print(f"  {line}", file=sys.stderr)
    print(f"replay: make simulate SEEDS=1 FROM={report.seed} MODE={report.mode} ARGS=--trace\n", file=sys.stderr)


def _find_mutants(*, as_json: bool) -> int:
    """Look for every seeded bug, and print the first seed that finds each."""
    rows = []
    for mutant in MUTANTS:
        found = _first_seed(mutant)
        seed = found.seed if found else None
        rows.append({"mutant": mutant.name, "seed": seed, "violation": str(found.violation) if found else None})
        if not as_json:
            what = f"seed {seed:>3}  {found.violation}" if found else f"NOT FOUND in {SEEDS_FOR_A_MUTANT} seeds"
            print(f"{mutant.name:<22} {what}", flush=True)
    if as_json:
        import json  # noqa: PLC0415 - only here

        print(json.dumps({"mutants": rows}))
    return 0 if all(row["seed"] for row in rows) else 1


def _first_seed(mutant: Mutant) -> Report | None:
    with mutant.applied():
        for seed in range(1, SEEDS_FOR_A_MUTANT + 1):
            report = simulate(seed)
            if report.violation is not None and report.violation.is_promise:
                return report
    return None


def _mutant(name: str) -> Mutant:
    for mutant in MUTANTS:
        if mutant.name == name:
            return mutant
    raise typer.BadParameter(f"there is no mutant {name}; there are {', '.join(one.name for one in MUTANTS)}")


def _batches(seeds: range) -> Iterator[tuple[int, ...]]:
    for begin in range(seeds.start, seeds.stop, AT_ONCE):
        yield tuple(range(begin, min(begin + AT_ONCE, seeds.stop)))


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    app()
