"""Grades of files that have no word of their own: those of the verdicts that rest on them."""

from pathlib import Path
from typing import ClassVar

import pytest

from nominima.auditing import grades
from nominima.auditing.again import Made
from nominima.auditing.audit import Audit
from nominima.auditing.grades import Grade, Graded, graded, worst
from nominima.auditing.readme import TABLE
from nominima.auditing.recipe import FirstSteps, Recipe
from nominima.auditing.subject import PAGE, Name, Subject
from nominima.tracing.ledger import Entry
from nominima.tracing.trace import Trace

TRAIN, MEASURE, JUDGE = ("train", "a"), ("measure", "runs/a"), ("judge", "c")
CHAIN = Recipe([TRAIN, MEASURE, JUDGE], {TRAIN: set(), MEASURE: {TRAIN}, JUDGE: {MEASURE}}, [], {})
TRACE = Trace(verb="report", spec={}, code="c", inputs={}, environment={})
PATHS = {TRAIN: "data/runs/a/parameters.safetensors", MEASURE: "data/measures/runs/a/norms.parquet",
         JUDGE: "reports/verdicts/c.json"}  # fmt: skip


def file(path: str, grade: Grade) -> Graded:
    return Graded(path, "recorded", "again", grade)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch):
    """Grades of the chain's files, from those that each has by itself."""

    def found(train: Grade, measure: Grade, judge: Grade, recipe: Recipe = CHAIN) -> list[Grade]:
        own = dict(zip((TRAIN, MEASURE, JUDGE), (train, measure, judge), strict=True))
        monkeypatch.setattr(grades, "_job", lambda _, name, *__: [file(PATHS[name], own[name])])
        made = dict.fromkeys(recipe.jobs, Made(Path()))
        told = graded(None, recipe, made, Path())  # pyright: ignore[reportArgumentType] - no job is looked at
        return [told[name][0].grade for name in recipe.jobs]

    return found


def test_a_network_that_is_unlike_is_never_good_though_all_that_was_measured_on_it_is(chain) -> None:
    assert chain("unlike", "bitwise", "bitwise") == ["same verdict", "bitwise", "bitwise"]
    assert chain("unlike", "unlike", "same verdict") == ["same verdict", "same verdict", "same verdict"]


def test_tables_are_as_like_as_the_verdicts_that_rest_on_them(chain) -> None:
    assert chain("unlike", "unlike", "different") == ["different"] * 3
    assert chain("bitwise", "unlike", "rounding") == ["bitwise", "same verdict", "rounding"]


def test_a_verdict_that_could_not_be_compared_says_nothing(chain) -> None:
    assert chain("bitwise", "unlike", "not recomputed") == ["bitwise", "unlike", "not recomputed"]


def test_by_itself_a_training_is_unlike(chain) -> None:
    alone = Recipe([TRAIN], {TRAIN: set()}, [], {}, alone=True)
    assert chain("unlike", "bitwise", "bitwise", alone) == ["unlike"]


FIGURE: Name = ("report", "c")
DRAWN = Recipe([JUDGE, FIGURE], {JUDGE: set(), FIGURE: {JUDGE}}, [], {})
PICTURE = "reports/figures/c.png"


@pytest.mark.parametrize(
    ("verdict", "moved", "elsewhere", "expected"),
    [
        ("bitwise", False, [], "different"),
        ("bitwise", True, [], "same verdict"),
        ("bitwise", False, ["vl-convert-python: recorded 1, here 2"], "same verdict"),
        ("rounding", False, [], "same verdict"),
    ],
)
def test_a_picture_of_something_else_has_no_excuse_but_other_source_another_environment_or_other_numbers(
    monkeypatch: pytest.MonkeyPatch, verdict: Grade, moved: bool, elsewhere: list[str], expected: Grade
) -> None:
    own = {JUDGE: file(PATHS[JUDGE], verdict), FIGURE: file(PICTURE, "unlike")}
    monkeypatch.setattr(grades, "_job", lambda _, name, *__: [own[name]])
    monkeypatch.setattr(Subject, "moved", lambda *_: moved)
    monkeypatch.setattr(Subject, "elsewhere", lambda *_: elsewhere)
    subject = Subject(Path(), "c" * 40, [FIGURE], [])
    told = graded(subject, DRAWN, dict.fromkeys(DRAWN.jobs, Made(Path())), Path())
    assert told[FIGURE][0].grade == expected


def test_a_start_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grades, "_job", lambda *_: [file(PATHS[TRAIN], "bitwise")])
    part = Recipe([TRAIN], {TRAIN: set()}, [], {}, alone=True, starts={TRAIN: FirstSteps(12, 60, 0.2)})
    told = graded(None, part, {TRAIN: Made(Path())}, Path())  # pyright: ignore[reportArgumentType]
    assert told[TRAIN][0].why == "up to step 12 of 60; what is later is taken as recorded"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["bitwise", "rounding"], "rounding"),
        (["bitwise", "not recomputed"], "bitwise"),
        (["not recomputed"], "not recomputed"),
        (["unlike", "same verdict", "different"], "different"),
    ],
)
def test_the_worst_grade(found: list[Grade], expected: Grade) -> None:
    assert worst([file("x", grade) for grade in found]) == expected


class Recorded:
    """A subject whose one job is the page, recorded as it lies at `at`; `code` is what the ledger has."""

    makers: ClassVar = {"page.html": PAGE}

    def __init__(self, at: Path, code: str) -> None:
        self._at, self._code = at, code

    def stored(self, path: str, aside: Path) -> Path:
        del path, aside
        return self._at

    def moved(self, name: Name) -> bool:
        return name != PAGE or self._code != "today's"

    def entry(self, name: Name) -> Entry:
        del name
        told = {"page.html": "recorded"}
        return Entry(trace="", spec={}, code=self._code, inputs={}, environment="", outputs=told)


@pytest.mark.parametrize(
    ("code", "text", "grade"),
    [
        ("today's", "The loss is 0.7.", "different"),
        ("today's", "So it is.", "different"),
        ("of then", "The loss is 0.7.", "different"),
        ("of then", "The least loss is 0.5.", "same verdict"),
    ],
)
def test_a_page_tells_nothing_of_its_own_but_what_older_source_words_otherwise(
    tmp_path: Path, code: str, text: str, grade: Grade
) -> None:
    recorded, again = tmp_path / "recorded.html", tmp_path / "again/page.html"
    again.parent.mkdir()
    recorded.write_text(f"<!doctype html><p>{text}</p>")
    again.write_text("<!doctype html><p>The loss is 0.5.</p>")
    made = {PAGE: Made(again.parent)}
    whole = Recipe([PAGE], {PAGE: set()}, [], {})
    told = graded(Recorded(recorded, code), whole, made, tmp_path)  # pyright: ignore[reportArgumentType]
    (file,) = told[PAGE]
    assert file.grade == grade
    assert (file.changes[0].recorded, file.changes[0].again) == (text, "The loss is 0.5.")


@pytest.mark.parametrize(
    ("trace", "grade", "why"),
    [
        (TRACE, "same verdict", "other bytes that say the same"),
        (TRACE.model_copy(update={"code": "of then"}), "bitwise", "but for the trace in it"),
    ],
)
def test_other_bytes_are_bitwise_only_where_the_trace_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trace: Trace, grade: Grade, why: str
) -> None:
    recorded, again = tmp_path / "recorded.html", tmp_path / "again/page.html"
    again.parent.mkdir()
    page = '<!doctype html><script type="application/json" id="trace">{}</script><p>The loss is 0.5.</p>'
    recorded.write_text(page.format(TRACE.dumps()).replace("The loss", "The  loss"))
    again.write_text(page.format(trace.dumps()))
    monkeypatch.setattr(Recorded, "sealed", lambda *_: True, raising=False)
    whole = Recipe([PAGE], {PAGE: set()}, [], {})
    subject = Recorded(recorded, "today's")
    told = graded(subject, whole, {PAGE: Made(again.parent)}, tmp_path)  # pyright: ignore[reportArgumentType]
    assert (told[PAGE][0].grade, told[PAGE][0].why) == (grade, why)


@pytest.mark.parametrize(
    ("asked", "own", "expected"),
    [
        ([JUDGE], ["bitwise", "bitwise", "not recomputed"], "not recomputed"),
        ([JUDGE], ["not recomputed", "bitwise", "bitwise"], "bitwise"),
        ([JUDGE, MEASURE], ["bitwise", "not recomputed", "different"], "different"),
    ],
)
def test_what_was_asked_for_and_not_made_is_never_good(asked: list[Name], own: list[Grade], expected: Grade) -> None:
    jobs = {name: [file(PATHS[name], grade)] for name, grade in zip(CHAIN.jobs, own, strict=True)}
    subject = Subject(Path(), "c" * 40, asked, [])
    lacking = {TABLE: [file("README.md", "not recomputed")]}
    if expected == "bitwise":
        assert Audit(subject, CHAIN, jobs | lacking, {}, [], []).grade == "not recomputed"
    assert Audit(subject, CHAIN, jobs, {}, [], []).grade == expected
