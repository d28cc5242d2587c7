"""Register what each claim is judged by: `make register WHY="…"` adds a line to docs/register.md for every change.

Three digests a claim, so that it shows what was changed after numbers were seen: its rule (the row, its guards, and
all of judging that it reaches), its instruments (its measures and all that they reach), its trial (its params).
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nominima.ground.files import Refusal, write
from nominima.ground.texts import canonical
from nominima.planning import digests, shelf, subjects
from nominima.planning.plan import Plan
from nominima.planning.reader import load

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/register.md"
ROW = re.compile(
    r"^\| `(?P<claim>\w+)` \| `(?P<rule>\w+)` \| `(?P<instruments>\w+)` \| `(?P<trial>\w+)` \|"
    r" (?P<changed>[^|]*) \| (?P<why>[^|]*) \|$",
    re.MULTILINE,
)
READING = ("ground", "planning", "tracing")  # rooms that find files and read them, and decide nothing
SHOWN = 12


class Registered(NamedTuple):
    """The first digits of a claim's three digests."""

    rule: str
    instruments: str
    trial: str


def registered(page: str) -> dict[str, Registered]:
    """Claim → what is in force: its last line on the page."""
    return {found["claim"]: Registered(*found.group("rule", "instruments", "trial")) for found in ROW.finditer(page)}


def history(page: str) -> dict[str, list[dict[str, str]]]:
    """Claim → its lines on the page, the oldest first: what changed, and why."""
    claims: dict[str, list[dict[str, str]]] = {}
    for found in ROW.finditer(page):
        claims.setdefault(found["claim"], []).append({"changed": found["changed"], "why": found["why"]})
    return claims


def current(plan: Plan, source: Path = digests.SOURCE) -> dict[str, Registered]:
    """Claim → the digests of a plan and of the source of a checkout, for the claims on trial."""
    return {claim: _digests(plan, claim, source) for claim in plan.params.claims}


def added(page: str, now: Mapping[str, Registered], why: str) -> str:
    """The page with a line for each claim that is new or other than its last line says; lines above stay.

    Raises:
        Refusal: something changed and nobody says why.
    """
    before = registered(page)
    other = {claim: its for claim, its in now.items() if before.get(claim) != its}
    if other and not why.strip():
        raise Refusal(f'{", ".join(other)}: not as registered in docs/register.md; say why: make register WHY="…"')
    lines = [_line(claim, its, before.get(claim), why) for claim, its in other.items()]
    return "".join([page.rstrip("\n"), "\n", *lines])


def _line(claim: str, now: Registered, before: Registered | None, why: str) -> str:
    changed = [name for name, old, new in zip(now._fields, before or now, now, strict=True) if old != new]
    what = ", ".join(changed) or "first registered"
    told = " ".join(why.split()).replace("|", "/")
    return f"| `{claim}` | {' | '.join(f'`{each}`' for each in now)} | {what} | {told} |\n"


def _digests(plan: Plan, claim: str, source: Path) -> Registered:
    judged = plan.judge[claim]
    measures = sorted(subjects.read(claim))
    roots = judged.code.partition("@")[0].split("+")
    rule = digests.definitions(*roots, without=(*READING, "measuring"), source=source)
    instruments = digests.definitions(*(f"measures.{name}" for name in measures), without=READING, source=source)
    trial = hashlib.sha256(canonical(_trial(plan, claim, measures)).encode()).hexdigest()
    return Registered(rule[:SHOWN], instruments[:SHOWN], trial[:SHOWN])


def _trial(plan: Plan, claim: str, measures: list[str]) -> dict[str, Any]:
    """All params behind a claim: what it asks for, its runs and data sets, the options of its measures."""
    judged = plan.judge[claim]
    specs = [json.loads(job.spec) for job in plan.measure.values() if set(job.outputs) & set(judged.inputs)]
    runs = list({spec["subject"]: spec for spec in specs if "run" in spec}.values())  # of several jobs once
    data = {spec["run"]["training"]["dataset"] for spec in runs} | set(plan.params.claims[claim].datasets)
    return {
        "asked": json.loads(judged.spec),
        "runs": [{key: spec[key] for key in ("run", "lanes") if key in spec} for spec in runs],
        "datasets": [json.loads(plan.prepare[name].spec) for name in sorted(data)],
        "measures": {name: shelf.given("measures", name, plan.params.measures.get(name, {})) for name in measures},
    }


def main() -> None:
    """Add what is missing to the page."""
    try:
        page = added(PAGE.read_text(), current(Plan(load(ROOT / "params.yaml"))), " ".join(sys.argv[1:]))
    except Refusal as refusal:
        sys.exit(str(refusal))
    write(PAGE, page.encode())


if __name__ == "__main__":
    main()
