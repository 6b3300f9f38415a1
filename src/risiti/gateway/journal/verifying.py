"""Check an export of a journal, without the server: whether every entry is as it was chained, and where one is not.

What no check of a file alone can find is a journal that was cut off or rewritten from some entry on and chained anew.
That takes a checkpoint: number and hash of an entry, noted down where nobody who could do that can write.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from risiti.gateway.journal.chain import FORMAT, beginning, link, text_of

MAX_LINE_BYTES: Final = 1024 * 1024
MOST_FAULTS: Final = 100
"""So many are listed; the rest is counted."""
_HASH_LENGTH: Final = 64

Content = dict[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was chained, and where."""

    file: str
    line: int
    """In the file; 1 is the first."""
    entry: int | None
    """The number of the entry, where one is meant."""
    what: str


@dataclass(slots=True)
class Report:
    """What a check has found."""

    company_id: str = ""
    after: int = 0
    entries: int = 0
    number: int = 0
    """Of the last entry."""
    head: str = ""
    """Its hash."""
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0
    checkpoints: int = 0
    """How many of the given ones lie in this export and fit."""

    @property
    def is_good(self) -> bool:
        """Nothing was changed, erased, added or put elsewhere."""
        return not self.faults

    def add(self, fault: Fault) -> None:
        """Note a fault."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more_faults += 1


def verify(lines: Iterable[bytes], checkpoints: Mapping[int, str] | None = None) -> Report:
    """Check one export."""
    return verify_all([("", lines)], checkpoints)


def verify_all(files: Iterable[tuple[str, Iterable[bytes]]], checkpoints: Mapping[int, str] | None = None) -> Report:
    """Check exports of one journal that follow one another.

    Args:
        files: Each with its name and its lines, which have their line ends.
        checkpoints: Hashes that were noted down elsewhere, by the numbers of their entries.
    """
    check = _Check(checkpoints or {})
    for name, lines in files:
        check.read(name, lines)
    return check.finish()


class _Check:
    def __init__(self, checkpoints: Mapping[int, str]) -> None:
        self._report = Report()
        self._checkpoints = checkpoints
        self._file = ""
        self._line = 0
        self._whole = hashlib.sha256()
        self._entries = 0
        """Of the present file."""
        self._number: int | None = None
        """Of the last entry; None before the first file."""
        self._before: bytes | None = None
        """The hash before the next entry, as the file states it; None behind a gap, where nobody knows."""
        self._computed: bytes | None = None
        """The same as it follows from the last entry's content, where that is another."""
        self._closed = False

    def read(self, name: str, lines: Iterable[bytes]) -> None:
        """Check the next file."""
        self._file, self._line, self._entries = name, 0, 0
        self._whole, self._closed = hashlib.sha256(), False
        faults = len(self._report.faults)
        for self._line, line in enumerate(lines, 1):
            if self._closed:
                self._add(None, "there is something behind the end")
                break
            content = _read(line)
            if self._line == 1:
                self._begin(content)
            elif content is not None and "sha256" in content:
                self._end(content, is_good=len(self._report.faults) == faults)
            else:
                self._entry(content)
            self._whole.update(line)
        if self._line == 0:
            self._line = 1
            self._add(None, "the file is empty")
        elif not self._closed:
            self._add(None, "the end is missing: the file was cut off")

    def finish(self) -> Report:
        """Return what was found."""
        last = self._number or 0
        self._report.number = last
        for number in sorted(self._checkpoints):
            if number > last:
                what = f"the journal ends at entry {last}, and entry {number} was noted: its end was cut off"
                self._add(None, what)
        return self._report

    def _add(self, entry: int | None, what: str) -> None:
        self._report.add(Fault(self._file, self._line, entry, what))

    def _begin(self, content: Content | None) -> None:
        match content:
            case {"journal": str(form), "company": str(company), "after": int(after), "before": str(before)}:
                pass
            case _:
                self._add(None, "this is not the head of a journal, or not as it was written")
                return
        if self._number is None:
            self._report.company_id, self._report.after, self._report.head = company, after, before
            self._number, self._before = after, _hash(before)
        elif (company, after, before) != (self._report.company_id, self._number, self._report.head):
            self._add(None, "this file does not go on where the one before it ends")
        if form != FORMAT:
            self._add(None, f"the form is not {FORMAT}")
        if _hash(before) is None or (after == 0 and _hash(before) != beginning(company)):
            self._add(None, "the head does not belong to this company's journal")
        self._look_at_checkpoint(after, before)

    def _entry(self, content: Content | None) -> None:
        expected = (self._number or 0) + 1
        self._entries += 1
        self._report.entries += 1
        entry = dict(content or {})
        match entry.pop("hash", None), entry.get("number"):
            case str(stated), int(number):
                pass
            case _:
                self._add(expected, "the entry is not as it was written")
                self._number, self._before, self._computed = expected, None, None
                return
        if number < expected:
            self._add(number, "the entry comes again, or out of its order")
            return
        if number > expected:
            gone = f"entry {expected} is" if number == expected + 1 else f"entries {expected} to {number - 1} are"
            self._add(number, f"{gone} missing before this one")
            self._before = self._computed = None
        self._number, self._report.head = number, stated
        holds = [before for before in (self._before, self._computed) if before is not None]
        own, computed = _hash(stated), [link(before, entry) for before in holds]
        self._computed = None
        if own is None or (holds and own not in computed):
            self._add(number, "the entry, or its hash, was changed")
            self._computed = computed[0] if computed else None
        self._before = own
        self._look_at_checkpoint(number, stated)

    def _end(self, content: Content, *, is_good: bool) -> None:
        self._closed = True
        wanted: Content = {"entries": self._entries, "head": self._report.head, "sha256": self._whole.hexdigest()}
        if content != wanted and is_good:
            self._add(None, "the end does not fit what comes before it: something was cut off or added")

    def _look_at_checkpoint(self, number: int, stated: str) -> None:
        noted = self._checkpoints.get(number)
        if noted == stated:
            self._report.checkpoints += 1
        elif noted is not None:
            what = "the hash is another than the one that was noted: the journal was rewritten up to here"
            self._add(number, what)


def _read(line: bytes) -> Content | None:
    """Return what a line says, None if it is not written as we write."""
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        content = json.loads(line)
        is_as_written = isinstance(content, dict) and text_of(content) + b"\n" == line
    except (ValueError, RecursionError):
        return None
    return dict(content) if is_as_written else None


def _hash(stated: str) -> bytes | None:
    if len(stated) != _HASH_LENGTH or stated != stated.lower():
        return None
    try:
        return bytes.fromhex(stated)
    except ValueError:
        return None
