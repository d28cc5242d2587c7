"""Words of claims in worlds that are plain: intervals from a tenth of the resamples tell them as well."""

import pytest

from nominima.judging import intervals


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", intervals.RESAMPLES // 10)
