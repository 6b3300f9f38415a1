"""What a person can decide about a held document, and where a decision stands."""

from enum import StrEnum


class Action(StrEnum):
    """What is to be done with a held document."""

    ADOPT = "adopt"
    """It is there under this number: compare it, and take the number if it is ours."""
    SEND_AGAIN = "send_again"
    """It is not there: ask once more, and send it if it is still not shown."""
    GIVE_UP = "give_up"
    """It shall not be fiscalised by us."""


class DecisionState(StrEnum):
    """Where a decision stands."""

    NEEDS_SECOND = "needs_second"
    """The amount is so large that a second person has to say the same."""
    ORDERED = "ordered"
    """It is being carried out."""
    DONE = "done"
    FAILED = "failed"
    """It could not be carried out; the outcome says why. The document is as it was."""
