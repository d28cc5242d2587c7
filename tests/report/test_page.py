import html
import json
import re

import pytest
from made_project import HOSTILE, SVG, make, ordinary, text
from made_verdicts import CELLS, untested, verdict, words

from nominima.ground.files import Refusal
from nominima.tracing.artefact import read_trace
from nominima.tracing.trace import Trace
from nominima.verbs import page


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return make(tmp_path_factory.mktemp("ordinary"), ordinary())


@pytest.fixture(scope="module")
def told(path):
    return path.read_text()


@pytest.mark.parametrize(
    "expected",
    [
        "A larger model, stopped in time, has a lower test loss.",
        "A slope whose whole interval lies above zero.",
        "Test loss against width; the claim predicts that the lines fall.",
        "Shaded: where the claim puts it, below −0.05; dashed: no effect, 0.",
        "mnist1d, clean −0.120 [−0.150, −0.100] 8 2 of 40 1 censored 1 diverged supported 1 of 2 behave",
        "idx all 4 runs are lost not defined",
        "mnist1d, clean Cauchy points fail: −0.55 to −0.45 −0.490 [−0.500, −0.480] no",
        "4: −2, 16: −1.4, 64: lost 8 0.90 [0.70, 1.00] grows, hump",
        "The quantity: minus the best test loss. Larger is truer.",
        "stopped by accuracy",
        "Other views of the same data, never used to decide: 1",
        "MLP error, h = 47 0.54 0.500 [0.400, 0.600] Greydanus 2020",
        "A part of the claim, distances: supported",
        "84 runs decide, 6 of them lost. 1 of 2 tested conditions support the claim.",
        "least in its favour, digits, noise .3: −0.0300 [−0.0800, 0.0200]; the claim puts the number below −0.05.",
        "One family, two data sets.",
        "of 4 runs, which share dataset mnist1d optimizer_options beta1 0.9 rate 0.001",
        "run noise size sizes/0.0.w16 0.0 16",
        "norms points 25 4",
        "nominima trace reports/figures/c0a_bigger_is_better.png",
        "nominima audit c0a_bigger_is_better nominima audits dvc repro",
        "processor x86_64 avx2 python 3.11.7",
    ],
)
def test_a_claim_is_told_whole(told, expected):
    assert expected in text(told)


def test_the_page_holds_its_trace(path):
    trace = read_trace(path)
    assert trace is not None
    assert trace.spec == {"claims": ["c0a_bigger_is_better"]}
    assert f"Trace {trace.key} . This page" in text(path.read_text())


def test_the_same_project_gives_the_same_bytes(path, tmp_path):
    assert make(tmp_path, ordinary()).read_bytes() == path.read_bytes()


def test_nothing_is_loaded_from_elsewhere(told):
    assert not re.findall(r'(?:src|href)="(?!data:image/svg\+xml;base64,|#)[^"]*"', told)
    assert "style=" not in told
    assert not re.search(r"\son\w+=", re.sub(r"<script>.*?</script>", "", told, flags=re.DOTALL))


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(told):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', told)
    assert policy is not None
    allowed = html.unescape(policy[1])
    blocks = {kind: re.findall(rf"<{kind}>(.*?)</{kind}>", told, re.DOTALL) for kind in ("style", "script")}
    assert allowed == (
        f"default-src 'none'; img-src data:; font-src data:; style-src {page.sri(blocks['style'][0])}; "
        f"script-src {page.sri(blocks['script'][0])}; base-uri 'none'; form-action 'none'"
    )
    assert [len(found) for found in blocks.values()] == [1, 1]


def test_a_source_expression_is_that_of_the_standard():
    # the example of CSP Level 2, 7.17.1
    assert page.sri("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


def test_hostile_words_are_text(tmp_path):
    name = "c0a_bigger_is_better"
    cells = [CELLS[0].model_copy(update={"name": HOSTILE, "why": HOSTILE})]
    hostile = words(HOSTILE, statement=HOSTILE, literature=(HOSTILE,), caption=HOSTILE)
    told = make(tmp_path, {name: verdict(reason=HOSTILE, cells=cells)}, {name: hostile}).read_text()
    assert told.count("<script") == 2
    assert "<img src=x" not in told
    assert text(told).count(HOSTILE) >= 7
    assert told.count(html.escape(HOSTILE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")) >= 9


def test_a_trace_cannot_break_out_of_its_place(tmp_path):
    board = page.Scoreboard(standings=[])
    trace = Trace(verb="report", spec={"claims": [HOSTILE]}, code="", inputs={}, environment={})
    told = page.rendered(board, [], trace)
    island = re.search(r'<script type="application/json" id="trace">(.*?)</script>', told, re.DOTALL)
    assert island is not None
    assert json.loads(island[1]) == trace.model_dump()


def test_no_claims_make_a_page_that_says_so(tmp_path):
    told = text(make(tmp_path, {}).read_text())
    assert "No claims on trial" in told
    assert "No claim is on trial: name some under claims: in params.yaml" in told


def test_an_untested_claim_says_what_is_missing(tmp_path):
    told = text(make(tmp_path, {"c1a": untested("c1a")}).read_text())
    assert "untested Evidence is missing: there is no measurement of norms." in told
    assert "number, with its interval" not in told


def test_a_figure_is_an_image_with_its_size(tmp_path):
    file = tmp_path / "figure.svg"
    file.write_bytes(SVG)
    assert page.picture(file)[1:] == ("470", "300")
    file.write_bytes(b"<html></html>")
    with pytest.raises(Refusal, match="no SVG with a width"):
        page.picture(file)


def test_a_claim_is_linked_by_what_stands_before_its_words_unless_another_begins_so():
    assert page.keys(["c0a_one", "c1a", "c0a_two", "c5_picks"]) == {
        "c0a_one": "c0a_one", "c1a": "c1a", "c0a_two": "c0a_two", "c5_picks": "c5"
    }  # fmt: skip


def test_dotted_names_are_a_tree():
    assert page.nested({"a": "1", "b.c": "2", "b.d.e": "3"}) == {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}


def test_every_cell_is_a_mark_with_its_word_and_what_it_can_be_chosen_by(told):
    row = told[told.index('<li class="row"') :]
    marks = re.findall(r'class="mark (\w+)" data-of="([^"]*)"', row[: row.index("</li>")])
    assert sorted(marks) == [
        ("inconclusive", "dataset=digits, noise .3"),
        ("supported", "dataset=mnist1d, clean"),
        ("untested", "dataset=idx"),
    ]  # fmt: skip


def test_no_element_has_the_name_of_another(told):
    names = re.findall(r'\sid="([^"]*)"', told)
    assert len(names) == len(set(names))
    assert {"c0a", "c0a_bigger_is_better"} <= set(names)


def test_every_link_leads_somewhere(tmp_path):
    told = make(tmp_path, {name: verdict(name) for name in ("c0a_bigger_is_better", "c1a_x", "c1b_y")}).read_text()
    names = set(re.findall(r'\sid="([^"]*)"', told))
    links = re.findall(r'href="#([^"]*)"', told)
    assert set(links) <= names
    assert [links.count(key) for key in ("c0a", "c1a", "c1b")] == [2, 3, 2]


def test_the_history_of_a_claim_is_told_line_by_line_as_text(tmp_path, monkeypatch):
    file = tmp_path / "history.json"
    lines = [{"changed": "first registered", "why": "before the runs"}, {"changed": "rule", "why": HOSTILE}]
    file.write_text(json.dumps({"c0a_bigger_is_better": lines}))
    monkeypatch.setattr(page, "HISTORY", file)
    made = make(tmp_path / "project", ordinary() | {"c1a_x": verdict("c1a_x")}).read_text()
    told = text(made)
    assert told.count("History of its rule") == 1
    assert "trial: 1 change From docs/register.md" in told
    assert f"first registered before the runs rule {HOSTILE}" in told
    assert made.count("<script") == 2
