"""What is said of each chapter: it holds for the recorded run, and is left out for another."""

import json
from pathlib import Path

import pytest
from browsing import NEEDED, visit
from made_project import HOSTILE, make, text
from made_verdicts import CELLS, PART, verdict
from playwright.sync_api import Browser, expect

from nominima.drawing.chapters import TITLES
from nominima.drawing.paragraphs import Paragraph, judged, read_paragraphs
from nominima.judging.decide import standing
from nominima.judging.record import Scoreboard, Truer, Verdict, read_judged
from nominima.verbs import page

ROOT = Path(__file__).parents[2]
WRITTEN = read_paragraphs(page.PARAGRAPHS)
LONGEST = 75  # words
MARKUP = set("*_`[]<>#|\\\n")
RECORDED = {"c0a_one": verdict("c0a_one"), "c1a_two": verdict("c1a_two"), "c1b_three": verdict("c1b_three")}


def told_of(found: Verdict) -> str:
    return judged(standing(found), found)


@pytest.mark.parametrize("number", TITLES)
def test_a_paragraph_is_of_the_recorded_verdicts_else_it_is_to_be_written_anew(number: str) -> None:
    board, _ = read_judged(ROOT / "reports/verdicts/scoreboard.json", Scoreboard)
    names = [each.claim for each in board.standings if each.claim[1] == number]
    found = [read_judged(ROOT / f"reports/verdicts/{name}.json", Verdict)[0] for name in names]
    assert WRITTEN[number].claims == {each.claim: told_of(each) for each in found}


def test_the_readme_has_every_paragraph() -> None:
    readme = " ".join((ROOT / "README.md").read_text().split())
    for number, paragraph in WRITTEN.items():
        assert f"- **{TITLES[number]}.** {paragraph.text}" in readme


@pytest.mark.parametrize("number", TITLES)
def test_a_paragraph_is_short_and_plain_text(number: str) -> None:
    said = WRITTEN[number].text
    assert len(said.split()) <= LONGEST
    assert not MARKUP & set(said)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paragraphs on two chapters, of what is recorded."""
    claims = {name: told_of(found) for name, found in RECORDED.items()}
    said = {
        number: Paragraph(claims={name: its for name, its in claims.items() if name[1] == number}, text=what)
        for number, what in (("0", f"Zero. {HOSTILE}"), ("1", "One holds."))
    }
    file = tmp_path / "paragraphs.json"
    file.write_text(json.dumps({number: each.model_dump() for number, each in said.items()}))
    monkeypatch.setattr(page, "PARAGRAPHS", file)


@pytest.mark.usefixtures("written")
def test_a_paragraph_stands_in_its_chapter_as_text(tmp_path: Path) -> None:
    made = make(tmp_path / "project", RECORDED).read_text()
    assert f"on the claim’s side . Zero. {HOSTILE} c0a" in text(made)
    assert text(made).count("One holds.") == 1
    assert made.count("<script") == 2


@NEEDED
@pytest.mark.usefixtures("written")
def test_on_a_phone_a_paragraph_opens_below_the_answer_and_elsewhere_it_stands_there(
    browser: Browser, tmp_path: Path
) -> None:
    address = make(tmp_path / "project", RECORDED).as_uri()
    for width in (390, 1400):
        visited = visit(browser, address, viewport={"width": width, "height": 800})
        said = visited.get_by_text("One holds.")
        if width == 390:
            expect(said).to_be_hidden()
            visited.locator(".chapter summary").last.click()
        expect(said).to_be_visible()


CELL = CELLS[0].model_copy(update={"name": "mnist1d, noisy"})
OTHER = {
    "another word": verdict("c1a_two", "supported"),
    "other counts": verdict("c1a_two", cells=CELLS[:1]),
    "another condition": verdict("c1a_two", cells=[CELL, *CELLS[1:]]),
    "another trend": verdict("c1a_two", truer=Truer(word="grows", reason="")),
    "another word of a part": verdict("c1a_two", parts=[PART.model_copy(update={"outcome": "mixed"})]),
}


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.usefixtures("written")
def test_where_a_claim_of_its_chapter_is_another_a_paragraph_is_left_out(tmp_path: Path, what: str) -> None:
    told = text(make(tmp_path / "project", RECORDED | {"c1a_two": OTHER[what]}).read_text())
    assert "One holds." not in told
    assert "Zero." in told


@pytest.mark.parametrize("names", [["c1a_two"], ["c1a_two", "c1b_three", "c1c_four"]])
@pytest.mark.usefixtures("written")
def test_a_paragraph_is_of_all_claims_of_its_chapter_and_of_no_more(tmp_path: Path, names: list[str]) -> None:
    told = text(make(tmp_path / "project", {name: verdict(name) for name in names}).read_text())
    assert "One holds." not in told
    assert "on the claim’s side ." in told


def test_a_variant_and_a_number_do_not_move_what_a_claim_is_said_to_be() -> None:
    variant = CELL.model_copy(update={"decides": False})
    moved = CELLS[0].model_copy(update={"runs": 41})
    assert told_of(verdict(cells=[moved, *CELLS[1:], variant])) == told_of(verdict())
    assert told_of(verdict()).startswith("mixed 1 of 2, ")
