"""What every job sees beside its arguments: the command that starts it and the environment that the workflow sets."""

import ast
import os
import re
import sys
from functools import cache
from pathlib import Path

THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
VARIABLES = dict.fromkeys(THREADS, "1") | {
    "MKL_DYNAMIC": "FALSE",
    "OMP_DYNAMIC": "FALSE",
    "MKL_CBWR": "AUTO,STRICT",  # products whose bits do not depend on where in memory matrices lie
    "PYTHONHASHSEED": "0",  # one order of sets
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # what deterministic products on a CUDA device need
}
STRICT = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "MKL_CBWR": "AVX2,STRICT",  # on processors that are not of Intel the same as AUTO,STRICT
}
"""What `strict: true` in params.yaml adds: a processor with AVX-512 computes as one with AVX2 does."""
WITHOUT = ("PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS")  # of the user's shell
DIRECTIVE = re.compile(r"^(?P<indent> *)shell:(?P<command>[^\n]*\n(?:(?:(?P=indent) +[^\n]*)?\n)*)", re.MULTILINE)


def set_up(root: Path) -> None:
    """Give the jobs that this process starts the source of this checkout, this interpreter and these variables."""
    os.environ["PYTHONPATH"] = str(root / "src")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ |= VARIABLES
    for name in WITHOUT:
        os.environ.pop(name, None)


def threads() -> str:
    """How many threads this process may use, `1` in every job; where the variables differ, each that is not 1."""
    other = [f"{name} {os.environ.get(name, 'unset')}" for name in THREADS if os.environ.get(name) != "1"]
    return ", ".join(other) or "1"


@cache
def commands(rules: Path, verb: str) -> tuple[str, ...]:
    """The shell commands of the rules that start `python -m nominima.verbs.<verb>`, their layout left out."""
    texts = [file.read_text() for file in sorted(rules.glob("*.smk"))]
    told = [_command(found["command"]) for text in texts for found in DIRECTIVE.finditer(f"{text}\n")]
    return tuple(command for command in told if re.search(rf"nominima\.verbs\.{verb}\b", command))


def _command(written: str) -> str:
    """A command as the shell gets it; as it is written where it is more than a text."""
    try:
        return str(ast.literal_eval(f"({written.strip()})"))
    except (ValueError, SyntaxError):
        return " ".join(written.split())
