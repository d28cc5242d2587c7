"""The repository keeps its own rules."""

import ast
import re
import statistics
import subprocess
from pathlib import Path

from docs.generate import generated

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("src/nominima/**/*.py"))
README = (ROOT / "README.md").read_text()


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    documented = ast.get_docstring(function) is not None
    start = function.body[1].lineno - 1 if documented and len(function.body) > 1 else function.lineno
    return (function.end_lineno or start) - start + 1


def test_modules_and_functions_are_short() -> None:
    assert {str(file): n for file in SOURCES if (n := len(file.read_text().splitlines())) > 250} == {}
    lengths = {f"{file.name}:{f.name}": body_lines(f) for file in SOURCES for f in functions(file)}
    assert {name: n for name, n in lengths.items() if n > 50} == {}
    assert statistics.median(lengths.values()) <= 10


def test_what_is_generated_is_up_to_date() -> None:
    behind = {file.name for file, content in generated().items() if file.read_text() != content}
    assert behind == set(), "`make docs` writes them again"


def test_ci_calls_the_readme_test_command() -> None:
    command = "make test"
    assert f"\n{command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci/run").read_text()


def test_nothing_unfinished_and_no_foreign_address() -> None:
    unfinished = re.compile("TO" + "DO|FIX" + "ME|NotImplemented" + "Error")
    registry = re.compile("py" + r"pi\.org|python" + r"hosted\.|npm" + r"js\.")
    for file in tracked():
        if file.suffix in {".py", ".smk", ".md", ".yaml", ".toml", ".lock", ".html", ".sh"}:
            text = file.read_text()
            assert not registry.search(text), f"{file.name} names a package registry"
            assert file.name == Path(__file__).name or not unfinished.search(text), f"{file.name} is unfinished"


def test_every_third_party_module_that_the_code_digest_watches_is_pinned() -> None:
    from nominima.planning import digests

    imported = {
        "torch",
        "polars",
        "altair",
        "numpy",
        "scipy",
        "sklearn",
        "safetensors",
        "pydantic",
        "png",
        "mnist1d",
        "ruamel",
    }
    assert imported <= set(digests.locked())


def test_the_lock_satisfies_the_declared_ranges() -> None:
    import tomllib

    from packaging.requirements import Requirement

    from nominima.planning import digests

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for line in [*project["dependencies"], *extras["pipeline"], *extras["dev"]]:
        wanted = Requirement(line)
        pinned = digests.pins()[wanted.name.replace(".", "-")]
        assert all(wanted.specifier.contains(version) for version in pinned), f"{line} is locked to {pinned}"
