"""What an audit reads of a page: whatever is edited in one is told, numbers and words of verdicts as what decides."""

import re
from pathlib import Path

import pytest
from made_project import MACHINE, make, ordinary

from nominima.auditing.contents import Difference, compare
from nominima.auditing.published import page
from nominima.tracing.artefact import read_trace

SCRIPT = re.compile(r'<script type="application/json" id="trace">.*?</script>')
ROW = "c0a, slope of the best test loss on log width, nats…, mnist1d, clean"
CONTROL = "c0a, Controls: each with a known answer, asked in…, mnist1d, clean"
HEADING = "Why does deep learning work, although it should…"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("published"), ordinary())


def compared(path: Path, tmp_path: Path, text: str) -> Difference:
    """The page with another text, against the page as it was made."""
    edited = tmp_path / "edited.html"
    edited.write_text(text)
    found = compare(edited, path)
    assert found is not None
    return found


def retraced(path: Path) -> str:
    """The page as another machine makes it: another trace, and its code in the footer."""
    trace, text = read_trace(path), path.read_text()
    assert trace is not None
    other = trace.model_copy(update={"environment": MACHINE | {"processor": "another"}})
    script = f'<script type="application/json" id="trace">{other.dumps()}</script>'
    return SCRIPT.sub(lambda _: script, text, count=1).replace(trace.key, other.key)


def test_a_page_with_another_trace_says_the_same(path: Path, tmp_path: Path) -> None:
    assert retraced(path) != path.read_text()
    assert compared(path, tmp_path, retraced(path)).equal


@pytest.mark.parametrize(
    ("old", "new", "place", "recorded", "again"),
    [
        ('"number">−0.120 [', '"number">−0.520 [', f"{ROW}, number, with its interval", "−0.520 [", "−0.120 ["),
        (">8</td>", ">80</td>", f"{ROW}, n", "80", "8"),
        (" supported</span></td>", " mixed</span></td>", f"{ROW}, verdict", "mixed", "supported"),
        ("<td>grows, hump</td>", "<td>grows</td>", "c0a, With size, mnist1d, clean, trend", "grows", "grows, hump"),
        ("<td>no</td>", "<td>yes</td>", f"{CONTROL}, behaves (2)", "yes", "no"),
        ("trial: 1 mixed.", "trial: 1 supported.", f"page, {HEADING}", "trial: 1 supported.", "trial: 1 mixed."),
        ("noise .3; −0.0300", "noise .3; −0.0900", "scoreboard, c0a (3)", "−0.0900 [", "−0.0300 ["),
    ],
)  # fmt: skip
def test_a_number_or_a_word_of_a_verdict_decides_and_is_told_where_it_stands(
    path: Path, tmp_path: Path, old: str, new: str, place: str, recorded: str, again: str
) -> None:
    text = path.read_text()
    at = text.index(old, 0 if "noise" not in old else text.index("<title>digits"))
    found = compared(path, tmp_path, text[:at] + new + text[at + len(old) :])
    assert (found.decided, found.told) == ([place], [])
    (change,) = found.changes
    assert recorded in change.recorded
    assert again in change.again


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("One family, two data sets.", "None.", "c0a, Limits"),
        ("base64,P", "base64,Q", "c0a, The answer, picture"),
        ('data-word="mixed"', 'data-word="supported"', "scoreboard, mark-up"),
        ('class="word mixed"', 'class="word supported"', "scoreboard, mark-up"),
        ("<style>", "<style>p { display: none }", "page, mark-up"),
        ("</body>", "<script>alert(1)</script></body>", "how, mark-up"),
        ("</body>", '<script id="trace">alert(1)</script></body>', "how, mark-up"),
        ("</body>", "<!-- x --></body>", "how, mark-up"),
    ],
)
def test_what_else_is_edited_is_told(path: Path, tmp_path: Path, old: str, new: str, place: str) -> None:
    text = path.read_text()
    assert old in text
    found = compared(path, tmp_path, text.replace(old, new, 1))
    assert (found.decided, found.told) == ([], [place])


def test_what_decides_is_shown_first(path: Path, tmp_path: Path) -> None:
    text = path.read_text().replace("any chapter", "all chapters").replace("<td>grows, hump</td>", "<td>flat</td>")
    assert [change.again for change in compared(path, tmp_path, text).changes] == ["grows, hump", "any chapter"]


def test_no_sign_of_a_page_goes_unread(path: Path) -> None:
    text = path.read_text()
    trace = SCRIPT.search(text)
    assert trace is not None
    whole = page(text)
    for at in range(0, len(text), 97):
        if not (text[at].isspace() or trace.start() < at < trace.end()):
            other = "x" if text[at] != "x" else "y"
            assert page(text[:at] + other + text[at + 1 :]) != whole, text[at - 20 : at + 20]


def test_a_text_cannot_hide_behind_one_that_has_its_place() -> None:
    told = page("<h2>a</h2><p>1</p><h2>a (2)</h2><p>2</p><h2>a</h2><p>3</p><p>4</p>")
    assert sorted(each.text for each in told.values() if each.text.isdecimal()) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "text", ["", "<", "</td>", "<td", "<<<<", "<script>", "</script></thead><th>1</th>", "<img src=x>"]
)
def test_a_broken_page_is_read_to_its_end(text: str) -> None:
    told = "".join(each.text for each in page(text).values())
    assert sorted(told.replace(" ", "")) == sorted(text.replace(" ", ""))
