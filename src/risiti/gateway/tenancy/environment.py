"""Which of the authority's two services a company talks to."""

from enum import StrEnum


class Environment(StrEnum):
    """The test service or the live one; the two never mix."""

    TEST = "test"
    LIVE = "live"
