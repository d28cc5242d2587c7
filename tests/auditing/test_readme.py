"""The README's table of verdicts against the recorded scoreboard: row by row, cell by cell."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import chain
from nominima.auditing import readme, tell
from nominima.auditing.audit import Audit, audit
from nominima.auditing.named import subject
from nominima.auditing.published import Told, table
from nominima.auditing.recipe import Recipe
from nominima.auditing.subject import PAGE, SCOREBOARD, Subject
from nominima.drawing.verdicts import markdown
from nominima.ground.files import Refusal
from nominima.ground.places import verdict
from nominima.judging.intervals import Estimate
from nominima.judging.record import Scoreboard, Standing, write_judged
from nominima.judging.rules import Rule
from nominima.judging.words import titles
from nominima.tracing.artefact import read_trace
from nominima.verbs.seal import seal

NAMES = ("c4a_straight_way_down", "c4b_near_convex")
RULE = Rule(statistic="share", side="above", tau=0.9, null=0.5, trend="share", flat=0.1)
BOARD = Scoreboard(
    standings=[
        Standing(
            claim=name, outcome="mixed", reason="", growth="flat", growth_reason="", rule=RULE, weakest="digits",
            estimate=Estimate(value=0.686, low=0.541, high=0.809, n=8), supported=10, tested=14, cells=14,
            runs=972, lost=17,
        )
        for name in NAMES
    ]
)  # fmt: skip
HEAD = "# A project\n\n<!-- verdicts: made by `nominima verdicts --markdown` -->\n\n"
WHOLE = f"{HEAD}{markdown(BOARD, titles())}\n<!-- end -->\n\nIn 1 of 2 cases.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A committed project with this README."""

    def built(text: str) -> Path:
        monkeypatch.chdir(tmp_path)
        for verb, jobs in chain.plan().items():
            for job in jobs.values():
                chain.make(verb, job)
            if verb == "judge" and (trace := read_trace(Path(verdict("scoreboard")))):
                write_judged(Path(verdict("scoreboard")), BOARD, trace)
            seal(verb, jobs)
        Path("README.md").write_text(text)
        chain.git("init", "--quiet", "--initial-branch", "main")
        chain.commit("state")
        return tmp_path

    return built


def audited(root: Path, what: Subject | None = None) -> Audit:
    return audit(what or subject(["README.md"], None, root, root), Recipe([], {}, [], {}), root / "aside", 1, print)


def shown(found: Audit) -> str:
    screen = Console(record=True, width=200)
    tell.show(found, screen)
    return screen.export_text()


def test_a_readme_that_tells_what_is_recorded_is_bitwise(project: Callable[[str], Path]) -> None:
    found = audited(project(WHOLE))
    assert (found.grade, [file.path for file in found.files], found.beginnings) == ("bitwise", ["README.md"], [])
    assert found.files[0].recorded == found.files[0].again


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("**mixed**", "**supported**", "says **supported** for c4a_straight_way_down, verdict; recorded is **mixed**"),
        ("0.686 [0.541", "0.986 [0.541", "says 0.986 [0.541, 0.809] for c4a_straight_way_down, effect (95 % in"),
        ("972, 17 lost", "972", "says 972 for c4a_straight_way_down, runs; recorded is 972, 17 lost"),
        ("| 10 of 14 |", "| 10 of 14 | sure |", "says sure for c4a_straight_way_down, runs; recorded is 972"),
        ("figures/c4a_straight_way_down", "figures/c4b_near_convex", "says – for c4a_straight_way_down, claim; rec"),
        (next(line for line in WHOLE.splitlines(keepends=True) if "c4b_near" in line), "",
         "says – for c4b_near_convex, verdict; recorded is **mixed**"),
        ("\n<!-- end", "[c7](reports/figures/c7_x.svg) | **supported** |\n<!-- end", "says **supported** for c7_x, ve"),
    ],
)  # fmt: skip
def test_a_row_that_tells_something_else_is_different_and_told_with_both(
    project: Callable[[str], Path], old: str, new: str, told: str
) -> None:
    assert old in WHOLE
    found = audited(project(WHOLE.replace(old, new, 1)))
    assert found.grade == "different"
    assert [each.job for each in found.beginnings] == [readme.TABLE]
    assert told in shown(found)
    assert any(told in line for line in tell.begins(found)["README.md table"])


@pytest.mark.parametrize(
    ("old", "new"), [(titles()[NAMES[0]], "Another title"), ("<!-- end", "All are supported.\n<!-- end")]
)
def test_a_title_and_prose_beside_the_table_are_told_and_decide_nothing(
    project: Callable[[str], Path], old: str, new: str
) -> None:
    assert old in WHOLE
    found = audited(project(WHOLE.replace(old, new, 1)))
    assert (found.grade, len(found.files[0].changes)) == ("same verdict", 1)


def test_rows_in_another_order_and_spaces_say_the_same(project: Callable[[str], Path]) -> None:
    lines = WHOLE.splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if "c4a" in line)
    lines[at], lines[at + 1] = lines[at + 1].replace(" | ", "|"), lines[at]
    found = audited(project("".join(lines)))
    assert (found.grade, found.files[0].why) == ("bitwise", "but for spaces and order")


def test_a_readme_without_a_table_gives_no_finding_and_cannot_be_asked_for(project: Callable[[str], Path]) -> None:
    root = project(WHOLE.replace("<!-- end -->", ""))
    bare = Subject(root, chain.git("rev-parse", "HEAD"), [], [])
    assert bare.readme == b""
    with pytest.raises(Refusal, match=r"README.md: in commit .* it has no table between"):
        subject(["README.md"], None, root, root)


def test_the_readme_of_the_commit_is_meant_not_one_that_is_not_committed(project: Callable[[str], Path]) -> None:
    root = project(WHOLE)
    Path("README.md").write_text(WHOLE.replace("mixed", "supported"))
    with pytest.raises(Refusal, match="commit it first, or name a commit with --at"):
        subject(["README.md"], None, root, root)
    found = subject(["../README.md"], "main", root / "src", root)
    assert (found.table, found.asked, found.words) == (True, [SCOREBOARD], ["README.md"])
    assert audited(root, found).grade == "bitwise"


def test_without_the_recorded_scoreboard_it_cannot_be_told(project: Callable[[str], Path]) -> None:
    root = project(WHOLE)
    place = root / verdict("scoreboard")
    place.write_text(place.read_text().replace("mixed", "supported"))
    chain.commit("another scoreboard, of which no ledger tells")
    found = audited(root)
    assert found.grade == "not recomputed"
    assert "nowhere here with its recorded bytes" in shown(found)


def test_all_asks_for_the_page_and_the_table(project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(WHOLE)
    monkeypatch.setattr(Subject, "plan", property(lambda _: Planned()))
    found = subject(["all"], None, root, root)
    assert found.table
    assert PAGE in found.asked
    assert subject([str(root / "reports/index.html")], None, root, root).asked == [PAGE]


class Planned:
    """Jobs as the hand-made chain has them."""

    by_verb = chain.plan()

    def jobs(self, verb: str) -> dict[str, object]:
        return dict(self.by_verb[verb])


def test_cells_are_told_apart_by_claim_and_head() -> None:
    link = "[c1](reports/figures/c1_x.svg)"
    rows = f"| claim | verdict |\n| --- | --- |\n| {link} a \\| b | **mixed** |\n"
    text = f"<!-- verdicts -->\n{rows}<!-- end -->"
    assert table(text) == {
        "c1_x, claim": Told(f"{link} a \\| b", (link,)),
        "c1_x, verdict": Told("**mixed**", ("**mixed**",)),
    }
    assert table("no marks | at | all") == table("<!-- verdicts -->\n<!-- end -->") == {}
