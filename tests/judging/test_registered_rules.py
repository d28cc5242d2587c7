"""The rules fixed before the confirmatory runs stand in docs/verdicts.md; a changed rule must change its line there."""

from pathlib import Path

import pytest

from nominima.judging.rule import rule_digest
from nominima.planning import shelf

PAGE = (Path(__file__).parents[2] / "docs/verdicts.md").read_text()


@pytest.mark.parametrize("name", shelf.names("claims"))
def test_a_rule_is_registered_as_it_is(name):
    rule = shelf.load("claims", name).CLAIM.rule
    digest = rule_digest(rule, shelf.path("claims", name).read_text())[:12]
    line = next((line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")), None)
    assert line is not None, f"docs/verdicts.md registers no rule for {name}"
    assert rule.statistic in line
    assert digest in line, f"the rule of {name} is not the one registered in docs/verdicts.md: its digest is {digest}"
