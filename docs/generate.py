"""Write what is generated from the source into its documents: `make docs`.

README.md: what is said of each chapter of the essay; the map of the modules. docs/calibration.md: the rules of all
claims, and how they are calibrated; docs/register.md: what each of them takes. docs/api.md: the instruments by name.
tests/params.smoke.yaml: an entry for each claim that it lacks.
workflow/schemas: the schema of params for editors. history.json: the lines of the register, for the page.
"""

import ast
import json
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from docs import api, scales
from docs.register import history
from nominima.drawing.calibrations import markdown
from nominima.drawing.chapters import TITLES
from nominima.drawing.paragraphs import read_paragraphs
from nominima.drawing.theme import prediction
from nominima.ground.texts import number
from nominima.judging.rules import Rule, fewest
from nominima.planning import shelf
from nominima.planning.params import Params
from nominima.verbs.calibrate import TABLE, read_table
from nominima.verbs.page import PARAGRAPHS

ROOT = Path(__file__).parents[1]


def generated() -> dict[Path, str]:
    """File → what it must hold."""
    params = (ROOT / "params.yaml").read_text()
    few = ROOT / "tests/params.smoke.yaml"
    readme, trusted, register = ROOT / "README.md", ROOT / "docs/calibration.md", ROOT / "docs/register.md"
    return {
        register: pasted(register.read_text(), "power", power()),
        trusted: pasted(pasted(trusted.read_text(), "rules", rules()), "calibration", calibration()),
        readme: pasted(pasted(readme.read_text(), "chapters", essay()), "map", module_map()),
        ROOT / "workflow/schemas/params.schema.json": json.dumps(Params.model_json_schema(), indent=1, sort_keys=True)
        + "\n",
        ROOT / "src/nominima/verbs/history.json": json.dumps(
            history(register.read_text()), sort_keys=True, indent=1, ensure_ascii=False
        )
        + "\n",
        ROOT / "docs/api.md": api.reference(),
        ROOT / "params.full.yaml": scales.full(params),
        ROOT / "params.quick.yaml": scales.quick(params),
        few: scales.smoke(params, few.read_text()),
    }


def pasted(text: str, name: str, content: str) -> str:
    """A document with the content between the marks of a section, `<!-- name … -->` and `<!-- end -->`."""
    head, _, rest = text.partition(f"<!-- {name}")
    mark, _, rest = rest.partition("-->\n")
    _, _, tail = rest.partition("<!-- end -->")
    return f"{head}<!-- {name}{mark}-->\n{content}<!-- end -->{tail}"


def rules() -> str:
    """A line for each claim on the shelf: its rule."""
    rows = []
    for name in shelf.names("claims"):
        rule = shelf.load("claims", name).RULE
        null = "–" if rule.null is None else number(rule.null)
        rows.append((f"`{name}`", rule.statistic, prediction(rule), null, takes(rule)))
    return _table("claim", "the number that decides", "the claim says", "null", "a cell takes", rows=rows)


def power() -> str:
    """A line for each rule of each claim, those of its parts included: the fewest runs that can support it."""
    rows = [
        (f"`{name}`", rule.statistic, takes(rule)) for name in shelf.names("claims") for rule in rules_of(name).values()
    ]
    return _table("claim", "the number", "a cell takes", rows=rows)


def takes(rule: Rule) -> str:
    """The smallest number of runs of a cell that can support a rule, in words."""
    count = f"{fewest(rule)} {rule.unit}s"
    return count if rule.unit != "network" else f"{count}, {fewest(rule, 1)} with a dissenter"


def rules_of(claim: str) -> dict[str, Rule]:
    """The rules by which a claim's cells are judged, by their names in its file; those of controls alone left out."""
    module = shelf.load("claims", claim)
    nodes = ast.walk(ast.parse(shelf.path("claims", claim).read_bytes()))
    calls = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Part", "View")]
    given = {each.id for call in calls for each in call.args if isinstance(each, ast.Name)}
    return {name: rule for name, rule in vars(module).items() if isinstance(rule, Rule) and name in given}


def _table(*heads: str, rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, ("---",) * len(heads), *rows))


def calibration() -> str:
    """A line for each claim that was simulated (`nominima calibrate`)."""
    return markdown(read_table(ROOT / TABLE))


def essay() -> str:
    """A paragraph for each chapter of the essay, as on the page."""
    written = read_paragraphs(PARAGRAPHS)
    told = [f"- **{TITLES.get(number, number)}.** {paragraph.text}" for number, paragraph in sorted(written.items())]
    lines = [textwrap.fill(each, 140, subsequent_indent="  ", break_on_hyphens=False) for each in told]
    return "\n".join(["", *lines, "", ""])


def module_map() -> str:
    """The map of the source, made of the modules' own first sentences."""
    files = sorted(ROOT.glob("src/nominima/**/*.py"))
    lines = ["```text"]
    for folder in sorted({file.parent for file in files}, key=lambda folder: (folder.name != "nominima", folder)):
        lines.append(f"{folder.relative_to(ROOT)}/".ljust(34) + first_sentence(folder / "__init__.py"))
        inside = [file for file in files if file.parent == folder and file.name != "__init__.py"]
        lines += [f"    {file.name}".ljust(34) + first_sentence(file) for file in inside]
    return "\n".join([*lines, "```"]) + "\n"


def first_sentence(file: Path) -> str:
    """The first sentence of a module's docstring."""
    text = " ".join((ast.get_docstring(ast.parse(file.read_text())) or "").split())
    return re.split(r"(?<=\.) (?=[A-Z])", text)[0]


if __name__ == "__main__":
    for file, content in generated().items():
        file.write_text(content)
