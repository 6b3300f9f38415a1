"""What the rows of a run amount to: a known fault of a client is none of ours, every other error is."""

import pytest

from conformance.cases import Case, Outcome, Row, Skipped, Unexpected, attempt, expect, untried
from conformance.verdict import Verdict, line


def raising(error: Exception) -> Case[None]:
    def run(_: None) -> str:
        raise error

    return Case("T109", "upload", run, fault="no such word", why="it misspells a word")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unexpected("there is no such word"), Outcome.CLIENT_FAULT),
        (Unexpected("refused with 1305"), Outcome.FAILED),
        (KeyError("no such word"), Outcome.CLIENT_FAULT),
        (Skipped("needs a petrol station"), Outcome.SKIPPED),
    ],
)
def test_only_the_fault_that_is_known_counts_as_the_clients(error: Exception, outcome: Outcome) -> None:
    assert attempt(raising(error), None).outcome is outcome


def test_a_call_that_comes_back_with_something_else_has_failed() -> None:
    def run(_: None) -> str:
        expect("95", "96", "stock")
        return "96 in stock"

    row = attempt(Case("T128", "query_stock", run), None)
    assert (row.outcome, "stock is '95', not '96'" in row.reason) == (Outcome.FAILED, True)


def rows(*outcomes: Outcome) -> list[Row]:
    return [Row(f"T{number}", "call", outcome, "") for number, outcome in enumerate(outcomes, 100)]


@pytest.mark.parametrize(
    ("outcomes", "good"),
    [
        ((Outcome.PASSED, Outcome.PASSED, Outcome.CLIENT_FAULT, Outcome.SKIPPED), True),
        ((Outcome.PASSED, Outcome.PASSED, Outcome.FAILED), False),
        ((Outcome.PASSED, Outcome.CLIENT_FAULT), False),
        ((Outcome.PASSED, Outcome.SKIPPED), False),
        ((Outcome.PASSED,), False),
    ],
)
def test_a_run_is_good_if_nothing_failed_and_what_is_needed_passed(outcomes: tuple[Outcome, ...], good: bool) -> None:  # noqa: FBT001 - a table
    verdict = Verdict("somebody's client 1.0", rows(*outcomes), {"T100", "T101"})
    assert verdict.is_good is good


def test_a_needed_interface_that_passed_once_has_passed() -> None:
    twice = [Row("T109", "upload", Outcome.PASSED, ""), Row("T109", "upload, by hand", Outcome.CLIENT_FAULT, "")]
    assert Verdict("client", twice, {"T109"}).is_good


def test_what_is_missing_is_named() -> None:
    verdict = Verdict("client", rows(Outcome.PASSED, Outcome.FAILED), {"T100", "T101", "T999"})
    assert verdict.missing == ["T101", "T999"]
    assert "T101, T999" in verdict.summary


def test_a_method_that_no_case_tries_is_shown() -> None:
    class Client:
        def upload(self) -> None: ...
        def query(self) -> None: ...
        def post(self) -> None: ...
        def _send(self) -> None: ...

    shown = untried(Client, [raising(Unexpected("x"))], no_calls={"post"})
    assert [(row.call, row.outcome) for row in shown] == [("query", Outcome.SKIPPED)]


def test_a_row_travels_as_a_line_and_back(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row("T109", "fiscalise_invoice", Outcome.PASSED, "FDN 326000000001")
    row.print()
    assert Row.read(capsys.readouterr().out) == row
    assert line(row).split() == ["T109", "fiscalise_invoice", "passed", "FDN", "326000000001"]
