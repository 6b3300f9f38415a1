"""What is kept of a long list shows the same differences as the whole of it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from risiti.efris.models.codes import DataSource, InvoiceType
from risiti.gateway.submissions.books import Listed
from risiti.gateway.submissions.comparing import Ours, Suspicion, compare
from risiti.gateway.submissions.states import DocumentState

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DEVICES = {"TCS-1"}
NUMBERS = st.sampled_from([f"32500000{number}" for number in range(8)])
REFERENCES = st.sampled_from(["A", "B", "C", "D", ""])
TYPES = st.sampled_from([InvoiceType.INVOICE, InvoiceType.CREDIT_NOTE])
HOURS = st.integers(0, 48).map(lambda hours: NOW - timedelta(hours=hours))


@st.composite
def listed(draw: st.DrawFn) -> Listed:
    return Listed(
        fdn=draw(NUMBERS),
        reference=draw(REFERENCES),
        device_no=draw(st.sampled_from(["TCS-1", "TCS-9"])),
        channel=draw(st.sampled_from([DataSource.WEB_SERVICE, "101"])),
        type=draw(TYPES),
        currency="UGX",
        gross=None,
        tax=None,
        issued_at=None,
        uploaded_at=draw(st.none() | HOURS),
        is_cancelled=draw(st.booleans()),
    )


@st.composite
def one_of_ours(draw: st.DrawFn) -> Ours:
    state = draw(st.sampled_from([DocumentState.FISCALISED, DocumentState.REFUSED, DocumentState.SENDING]))
    fdn = draw(NUMBERS) if state is DocumentState.FISCALISED else None
    reference, kind = draw(REFERENCES.filter(bool)), draw(TYPES)
    return Ours(f"{kind}-{reference}", reference, state, fdn, None if fdn is None else draw(HOURS), kind)


def differences(theirs: list[Listed], ours: list[Ours], *, shown: set[str]) -> list[Suspicion]:
    found = compare(theirs, ours, DEVICES, shown=shown, settled_before=NOW - timedelta(hours=1))
    return sorted(found, key=lambda one: (one.kind, one.fdn, one.reference))


@given(
    st.lists(listed(), max_size=8, unique_by=lambda one: one.fdn),
    st.lists(one_of_ours(), max_size=8, unique_by=lambda one: one.document_id).filter(
        lambda ours: len({one.fdn for one in ours if one.fdn}) == sum(one.fdn is not None for one in ours)
    ),
)
def test_what_the_comparison_leaves_out_makes_no_difference(theirs: list[Listed], ours: list[Ours]) -> None:
    shown = {one.fdn for one in theirs}
    numbers = {one.fdn for one in ours if one.fdn is not None}
    strangers = [one for one in theirs if one.fdn not in numbers]
    references = {one.reference for one in strangers}
    kept = [one for one in ours if one.wire_reference in references or (one.fdn is not None and one.fdn not in shown)]
    assert differences(strangers, kept, shown=shown) == differences(theirs, ours, shown=shown)
