"""A Redis that a busy test machine keeps waiting is not one that is away."""

import pytest

PATIENCE_SECONDS = 10.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("risiti.gateway.resilience.shared_state.ANSWER_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("risiti.gateway.resilience.rate_limit.REDIS_SECONDS", PATIENCE_SECONDS)
