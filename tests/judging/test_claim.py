import json

import pytest
from pydantic import ValidationError

from nominima.ground.files import Refusal
from nominima.judging.claim import Cell, Estimate, Rule, Scoreboard, Standing, Verdict, read_judged, write_judged
from nominima.tracing.trace import Trace

TRACE = Trace(verb="judge", spec={"claim": "c"}, code="0", inputs={}, environment={})
RULE = Rule(statistic="s", side="within", tau=(-1.0, 1.0), trend="t", flat=0.1)
CELL = Cell(name="a", estimate=Estimate(value=0.5, low=0.25, high=None, n=3), runs=3, lost=1)
VERDICT = Verdict(
    claim="c", title="C", outcome="untested", reason="r", rule=RULE, rule_digest="d", headline=CELL,
    cells=[(CELL, "untested")], controls=[], trends=[], robustness=None, sensitivity=[], published=[], runs=3,
    lost=1,
)  # fmt: skip
STANDING = Standing(
    claim="c", title="C", outcome="untested", reason="r", growth="unclear", growth_reason="g", trend_p=None,
    holm_p=None, headline=None, robustness=None, runs=3, lost=1, rule=RULE, rule_digest="d",
)  # fmt: skip


@pytest.mark.parametrize("judged", [VERDICT, Scoreboard(standings=[STANDING])])
def test_stored_and_read_back(tmp_path, judged):
    write_judged(tmp_path / "c.json", judged, TRACE)
    assert read_judged(tmp_path / "c.json", type(judged)) == (judged, TRACE)


def test_stored_text_is_sorted_one_value_a_line_and_ends_with_a_newline(tmp_path):
    write_judged(tmp_path / "c.json", VERDICT, TRACE)
    text = (tmp_path / "c.json").read_text()
    told = json.loads(text)
    assert text.endswith("}\n")
    assert list(told) == sorted(told)
    assert '\n "outcome": "untested",\n' in text
    assert told["trace"]["spec"] == {"claim": "c"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trace": 1}', '{"trace": {}, "claim": "c"}'])
def test_damaged_verdict_is_refused_by_name(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(Refusal, match=r"c\.json: not a verdict .*delete it, then"):
        read_judged(tmp_path / "c.json", Verdict)


def test_scoreboard_is_no_verdict(tmp_path):
    write_judged(tmp_path / "c.json", Scoreboard(standings=[]), TRACE)
    with pytest.raises(Refusal, match="not a verdict"):
        read_judged(tmp_path / "c.json", Verdict)


@pytest.mark.parametrize(
    ("side", "tau", "null"),
    [("within", 0.1, None), ("within", (1.0, -1.0), None), ("within", (-1.0, 1.0), 0.0),
     ("above", (0.0, 1.0), None), ("above", 0.1, 0.2), ("below", 0.1, 0.0), ("below", (0.0, 1.0), None)],
)  # fmt: skip
def test_rule_that_contradicts_itself_is_refused(side, tau, null):
    with pytest.raises(ValidationError, match="do not fit the side"):
        Rule(statistic="s", side=side, tau=tau, null=null, trend="t", flat=0.1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_estimate_holds_no_nan(value):
    with pytest.raises(ValidationError):
        Estimate(value=value, low=None, high=None, n=1)
