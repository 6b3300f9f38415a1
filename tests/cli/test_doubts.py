"""How a document's doubt ended, as its events tell it."""

from risiti.cli.doubts import Settled, causes, count, how_settled


def event(name: str, cause: str = "") -> dict[str, object]:
    return {"event": name, "data": {"cause": cause}}


ACCEPTED = event("invoice.accepted")
LOST = event("invoice.in_doubt", "the connection broke")
KILLED = event("invoice.in_doubt", "the worker that was sending it disappeared")
EXISTS = event("invoice.in_doubt", "the authority says that the reference exists")
ABSENT = event("invoice.proved_absent")
DONE = event("invoice.fiscalised", "answered")
FOUND = event("invoice.fiscalised", "found at the authority")


def test_a_document_that_was_answered_at_once_was_never_in_doubt() -> None:
    assert how_settled([ACCEPTED, DONE]) is None


def test_what_ended_the_doubt_is_told_apart() -> None:
    assert how_settled([ACCEPTED, LOST, FOUND]) is Settled.BY_QUERY
    assert how_settled([ACCEPTED, LOST, ABSENT, DONE]) is Settled.BY_RESENDING
    assert how_settled([ACCEPTED, LOST, ABSENT, EXISTS, FOUND]) is Settled.BY_DUPLICATE_ANSWER
    assert how_settled([ACCEPTED, LOST]) is Settled.NOT_YET


def test_what_did_not_happen_is_counted_as_none() -> None:
    assert count([[ACCEPTED, LOST, FOUND], [ACCEPTED, DONE]]) == {
        Settled.BY_QUERY: 1,
        Settled.BY_DUPLICATE_ANSWER: 0,
        Settled.BY_RESENDING: 0,
    }


def test_a_doubt_that_still_stands_is_counted() -> None:
    assert count([[ACCEPTED, KILLED]])[Settled.NOT_YET] == 1


def test_answers_that_did_not_come_and_senders_that_died_are_counted_apart() -> None:
    assert causes([[ACCEPTED, LOST, ABSENT, LOST, FOUND], [KILLED, EXISTS, FOUND]]) == {
        "no answer came": 2,
        "the sender was killed": 1,
    }
