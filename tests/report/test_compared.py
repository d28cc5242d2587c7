"""`nominima page --against REV -o FILE`: the page of now beside the verdicts of a commit."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import NEEDED, visit
from made_project import HOSTILE, make, text
from made_verdicts import CELLS, PART, TREND, estimate, untested, verdict, words
from typer.testing import CliRunner, Result

from chain import git
from nominima.cli import app
from nominima.judging.record import Truer
from nominima.tracing.artefact import read_trace
from nominima.verbs import page

MOVED = CELLS[0].numbers[0].model_copy(update={"estimate": estimate(-0.02, -0.09, 0.05)})
THEN = {
    "c0a_one": verdict("c0a_one", "supported"),
    "c0b_two": verdict("c0b_two"),
    "c1a_three": untested("c1a_three"),
    "c2a_four": verdict("c2a_four"),
}
NOW = {
    "c0a_one": verdict(
        "c0a_one",
        "mixed",
        cells=[CELLS[0].model_copy(update={"numbers": [MOVED], "outcome": "inconclusive"}), *CELLS[1:]],
        truer=Truer(word="flat", reason="", cells=[TREND.model_copy(update={"word": "flat"})]),
    ),
    "c0b_two": verdict("c0b_two", parts=[PART.model_copy(update={"outcome": "mixed"})]),
    "c1b_new": verdict("c1b_new"),
    "c2a_four": verdict("c2a_four"),
}
UNREAD = "reports/verdicts/c2a_four.json"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of these verdicts of now, whose commit `then` holds the others, one of them with a key of its own."""
    folder = tmp_path_factory.mktemp("compared") / "project"
    with pytest.MonkeyPatch.context() as patch:
        make(folder, THEN)
        patch.chdir(folder)
        told = json.loads(Path(UNREAD).read_text())
        Path(UNREAD).write_text(json.dumps(told | {"another": 1}))
        git("init", "--quiet")
        git("add", "--all")
        git("commit", "--quiet", "--message", f"Record {HOSTILE}")
        git("tag", "then")
        git("rm", "--quiet", "-r", "--cached", "reports/verdicts")
        git("commit", "--quiet", "--message", "Nothing")
        git("tag", "nothing")
        Path("reports/verdicts/c1a_three.json").unlink()
        make(folder, NOW)
        yield folder


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    monkeypatch.setattr(page, "of_claim", lambda name: words(f"Number {name[4:]}"))


def ask(folder: Path, *arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.chdir(folder)
        return CliRunner().invoke(app, ["page", *arguments])


@pytest.fixture(scope="module")
def path(project):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "of_claim", lambda name: words(f"Number {name[4:]}"))
        done = ask(project, "--against", "then", "-o", "../beside.html")
    assert done.exit_code == 0, done.output
    assert "1 of 2 words moved, 1 trend, and 1 of 8 conditions, 1 of them to another word" in " ".join(
        done.output.split()
    )
    return project.parent / "beside.html"


@pytest.mark.parametrize(
    "expected",
    [
        "1 of 2 words moved, 1 trend, and 1 of 8 conditions, 1 of them to another word. Hollow: where a number was",
        "Words c0a supported → mixed With size c0a unclear → flat in 1 of 1 New c1b Gone c1a_three (untested)",
        "Not available c2a : a verdict in a form that this program does not read",
        "c0a Number one mixed was supported",
        "flat in 1 of 1 was : unclear",
        "mixed One condition is on the claim's side and one straddles the null. Then: supported.",
        "−0.0200 [−0.0900, 0.0500] was −0.120 [−0.150, −0.100]",
        "inconclusive was supported",
        "A part of the claim, distances: mixed was supported",
        "There is nothing to compare with: no verdict at that commit.",
        "There is nothing to compare with: a verdict in a form that this program does not read.",
        "A comparison: no job makes it, and it holds no trace.",
    ],
)
def test_a_comparison_says_what_moved(path, expected):
    assert expected in text(path.read_text())


def test_what_a_commit_says_of_itself_is_text(path):
    told = path.read_text()
    assert HOSTILE in text(told)
    assert told.count("<script") == 1


def test_it_holds_no_trace(path):
    assert read_trace(path) is None


def test_the_page_itself_knows_of_no_comparison(project):
    told = (project / "reports/index.html").read_text()
    assert not [sign for sign in ("ghost", 'class="was"', 'class="against"', 'class="since"') if sign in told]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--against", "then", "-o", "reports/index.html"), "reports/index.html: results lie there"),
        (("--against", "then", "-o", "reports/../reports/figures/x.html"), "results lie there"),
        (("--against", "then", "-o", "../beside.html"), "../beside.html: is there already"),
        (("--against", "nobody", "-o", "x.html"), "nobody: no commit here has this name"),
        (("--against", "nothing", "-o", "x.html"), "has no verdicts in reports/verdicts; `git log"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(project, path, arguments, message):
    before = (project / "reports/index.html").read_bytes()
    done = ask(project, *arguments)
    assert done.exit_code == 1
    assert message in " ".join(done.output.split())
    assert not (project / "x.html").exists()
    assert (project / "reports/index.html").read_bytes() == before


def test_results_that_only_a_link_leads_to_are_refused_too(project, tmp_path):
    (tmp_path / "away").symlink_to(project / "reports")
    assert "results lie there" in ask(project, "--against", "then", "-o", str(tmp_path / "away/index.html")).output


@NEEDED
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ghosts_are_hollow_and_pale_and_words_fit(browser, path, scheme):
    visited = visit(browser, path.as_uri(), color_scheme=scheme, viewport={"width": 390, "height": 844})
    ghost = visited.locator(".row .ghost")
    assert ghost.count() == 1
    assert ghost.evaluate("(one) => [getComputedStyle(one).fill, Number(getComputedStyle(one).opacity) < 1]") == [
        "none",
        True,
    ]
    visited.locator(".row a").first.click()
    assert visited.locator("#c0a .bar .ghost").count() == 1
    for width in (320, 390, 768, 1400):
        visited.set_viewport_size({"width": width, "height": 800})
        assert visited.evaluate("document.documentElement.scrollWidth") <= width
        high = visited.evaluate(
            "[...document.querySelectorAll('.row')].map((row) => row.getBoundingClientRect().height)"
        )
        assert width < 390 or max(high) <= 52


@NEEDED
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_comparison(browser, path, scheme):
    visited = visit(browser, path.as_uri(), color_scheme=scheme, bypass_csp=True)
    visited.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    result = Axe().run(visited)
    assert result.violations_count == 0, result.generate_report()


@NEEDED
@pytest.mark.parametrize(("move", "rows"), [("word", ["one"]), ("new", ["new"]), ("conditions", ["one"])])
def test_claims_are_chosen_by_what_moved(browser, path, move, rows):
    visited = visit(browser, path.as_uri())
    visited.locator("[name=moved]").select_option(move)
    assert [text.split()[-1] for text in visited.locator(".row:visible .name").all_inner_texts()] == rows
    assert visited.url.endswith(f"#moved={move}")
