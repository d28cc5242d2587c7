"""A checkout of nominima and what a person does in it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nominima.auditing.published import with_table

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
    "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
}  # fmt: skip


@dataclass(frozen=True)
class Project:
    """A checkout and what a person does in it."""

    root: Path

    @property
    def _environment(self) -> dict[str, str]:
        """Whatever is run, it is the source of this checkout, as installed there."""
        return os.environ | ENVIRONMENT | {"PYTHONPATH": str(self.root / "src")}

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in the checkout; its whole output. A failing one fails the test, unless told not to."""
        done = subprocess.run(command, cwd=self.root, env=self._environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        assert done.returncode == 0 or not check, done.stdout
        return f"{done.stdout}\nexit code {done.returncode}"

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own."""
        return subprocess.Popen(command, cwd=self.root, env=self._environment, text=True, start_new_session=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        return self.run("snakemake", "--cores", "all", *arguments, check=check)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1))

    def commit(self) -> str:
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", "state")
        return self.run("git", "rev-parse", "HEAD").split()[0]

    def ledgers(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.root / "reports/ledger").glob("*.json"))}

    def assert_clean(self) -> None:
        """Both tools say that nothing is to be done."""
        assert jobs(self.snakemake("--dry-run")) == set()
        assert "up to date" in self.run("dvc", "status")


def jobs(output: str) -> set[str]:
    """What Snakemake ran, or in a dry run would run: `<rule> <first output>`, seals left out."""
    found = re.findall(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    output: (\S+?),?(?: .*)?$", output, re.MULTILINE)
    return {f"{rule} {file}" for rule, file in found if rule not in ("seal", "all")}


def build(root: Path) -> Path:
    """The smallest project, built from nothing, recorded and committed."""
    project = lay(root, ROOT / "tests/pipeline/params.yaml")
    told = project.run("nominima", "run", "c1a")
    assert "c1a_random_points: " in told
    made = [path for folder in ("verdicts", "figures") for path in (root / "reports" / folder).iterdir()]
    assert {path.name.partition(".")[0] for path in made} == {"c1a_random_points"}, "of other claims nothing is made"
    assert not (root / "data/runs").exists(), "it needs no training"
    project.snakemake()
    recorded = project.run("dvc", "repro")
    assert "Running stage 'report'" in recorded
    assert "Building DAG" not in recorded, "DVC records what Snakemake made, and does not start it again"
    project.commit()
    return root


def lay(root: Path, params: Path) -> Project:
    """A project as a fresh clone has it, without results and with other params."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith("reports/") and name != "dvc.lock" and (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    shutil.copy(params, root / "params.yaml")
    project = Project(root)
    project.run("git", "init", "-q", "-b", "main")
    return project


def copy(source: Path, target: Path) -> Project:
    shutil.copytree(source, target, symlinks=True)
    return Project(target)


def tell_verdicts(project: Project) -> None:
    """Paste the table of the verdicts into the README, as people do after a run."""
    rows = [line for line in project.run("nominima", "verdicts", "--markdown").splitlines() if line.startswith("|")]
    readme = project.root / "README.md"
    readme.write_text(with_table(readme.read_text(), "".join(f"{row}\n" for row in rows)))
    project.commit()


RATE = ("w4: {size: 4}", "w4: {size: 4, rate: 1e-05}")
CLAIMS_ON_SIZES = {"c0a_bigger_is_better"}


def above(claims: set[str]) -> set[str]:
    """Judgements, figures and the page that rest on some claims."""
    figures = {f"figure reports/figures/{name}.vl.json" for name in (*claims, "scoreboard")}
    figures |= {f"detail reports/figures/{name}.detail.vl.json" for name in claims}
    board = {"scoreboard reports/verdicts/scoreboard.json", "page reports/index.html", "metrics reports/metrics.yaml"}
    return {f"judge reports/verdicts/{name}.json" for name in claims} | figures | board


AFTER_RATE = above(CLAIMS_ON_SIZES) | {
    "train_sizes data/runs/sizes/noisy.w4/parameters.safetensors",
    "measure_runs_sizes data/measures/runs/sizes/noisy.w4/learning_curve.parquet",
}


def flip(path: Path, at: int = 64, bit: int = 1) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= bit
    path.chmod(0o644)
    path.write_bytes(content)
