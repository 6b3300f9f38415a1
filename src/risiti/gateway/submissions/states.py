"""The state machine of a document: seven states, one table of moves, no I/O.

     accepted --> WAITING --claimed--> SENDING --answered--> FISCALISED or REFUSED
                  ^  | ^                 |  |
                  |  | `----not sent-----'  `--no answer, worker died--> IN_DOUBT --found--> FISCALISED
                  |  |                                                    |   |
                  |  `--withdrawn--> WITHDRAWN                            |   `--not to be found out--> HELD
                  `-------------------proved absent-----------------------'

There is no move from IN_DOUBT to SENDING, and a dead worker's SENDING becomes IN_DOUBT, never WAITING: what may have
reached the authority is asked about, not sent again. That is the whole promise.
"""

from enum import StrEnum


class DocumentState(StrEnum):
    """Where a document stands; callers see these words."""

    WAITING = "waiting"
    """Durable here; nothing unresolved is on its way to the authority."""
    SENDING = "sending"
    """One attempt is open and its worker holds the lease."""
    IN_DOUBT = "in_doubt"
    """An attempt may have reached the authority; being settled by asking."""
    FISCALISED = "fiscalised"
    """The authority gave it a fiscal document number, and the content there is ours."""
    REFUSED = "refused"
    """The authority refused it, and no other attempt can have got through."""
    HELD = "held"
    """Needs a person: the evidence is incomplete or contradicts us."""
    WITHDRAWN = "withdrawn"
    """Taken back by the seller before it was ever sent."""


_S = DocumentState

MOVES: dict[DocumentState, frozenset[DocumentState]] = {
    _S.WAITING: frozenset({_S.SENDING, _S.HELD, _S.WITHDRAWN}),
    _S.SENDING: frozenset({_S.WAITING, _S.IN_DOUBT, _S.FISCALISED, _S.REFUSED, _S.HELD}),
    _S.IN_DOUBT: frozenset({_S.WAITING, _S.FISCALISED, _S.REFUSED, _S.HELD}),
    _S.HELD: frozenset({_S.WAITING, _S.IN_DOUBT, _S.FISCALISED, _S.REFUSED}),
    _S.REFUSED: frozenset({_S.WAITING, _S.FISCALISED}),  # a corrected revision; reconciliation found it after all
    _S.FISCALISED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}

SETTLED = frozenset({_S.FISCALISED, _S.REFUSED, _S.HELD, _S.WITHDRAWN})
"""States in which nothing more happens without a person or the seller."""


class IllegalMove(RuntimeError):
    """A document was to make a move that is not in the table: always a bug of ours."""


def check_move(before: DocumentState, after: DocumentState) -> None:
    """Raise IllegalMove unless the table allows it."""
    if after not in MOVES[before]:
        message = f"a document may not go from {before} to {after}"
        raise IllegalMove(message)
