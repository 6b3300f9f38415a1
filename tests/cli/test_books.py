"""What the comparison of the books finds, and that it stays silent when all is well."""

from risiti.cli.books import Entry, compare


def fiscalised(reference: str, fdn: str) -> Entry:
    return Entry(reference, "fiscalised", fdn)


def test_books_that_agree_have_nothing_lost_and_nothing_doubled() -> None:
    books = compare(["A", "B"], {"A": fiscalised("A", "1"), "B": fiscalised("B", "2")}, {"A": ["1"], "B": ["2"]})

    assert books.agree
    assert books.verdict == "lost 0  doubled 0"
    assert books.fiscal_numbers == 2


def test_an_accepted_reference_that_we_do_not_know_is_lost() -> None:
    books = compare(["A"], {}, {})

    assert books.lost == ("A",)
    assert not books.agree


def test_a_document_fiscalised_here_but_not_there_is_lost() -> None:
    assert compare(["A"], {"A": fiscalised("A", "1")}, {}).lost == ("A",)


def test_a_second_fdn_for_a_reference_is_doubled_even_if_we_hold_one_of_them() -> None:
    books = compare(["A"], {"A": fiscalised("A", "1")}, {"A": ["1", "2"]})

    assert books.doubled == ("A",)
    assert books.verdict == "lost 0  doubled 1"


def test_a_fiscal_document_nobody_here_knows_of_is_different() -> None:
    assert compare([], {}, {"A": ["1"]}).different == ("A",)


def test_a_document_refused_here_but_issued_there_is_different() -> None:
    books = compare(["A"], {"A": Entry("A", "refused", None)}, {"A": ["1"]})

    assert books.different == ("A",)
    assert books.verdict == "lost 0  doubled 0  different 1"


def test_a_refused_document_is_settled() -> None:
    assert compare(["A"], {"A": Entry("A", "refused", None)}, {}).agree


def test_documents_in_doubt_or_held_for_a_person_are_not_settled() -> None:
    books = compare(["A", "B"], {"A": Entry("A", "in_doubt", None), "B": Entry("B", "held", None)}, {})

    assert books.unsettled == ("A", "B")
    assert not books.agree


def test_a_document_kept_although_its_answer_was_lost_on_the_way_is_no_fault() -> None:
    assert compare([], {"A": fiscalised("A", "1")}, {"A": ["1"]}).agree
