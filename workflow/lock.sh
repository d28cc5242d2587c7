#!/usr/bin/env bash
# Pin all dependencies with hashes for every platform: torch, and what only its CUDA build needs, in
# requirements-torch.lock; all else in requirements.lock. Needs uv. requirements-torch-cpu.lock is written by hand: it
# names PyTorch's own CPU build of the same release, a tenth of the size, which not every index has. What only the
# extra `cluster` needs is in requirements-cluster.lock. The benchmarks' peers are pinned without what they depend on:
# some ask for older releases than they need.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=(--quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11)
echo 'torch==2.13.0' > "$work/pin"
uv pip compile "${options[@]}" --extra pipeline --extra dev pyproject.toml -c "$work/pin" -o "$work/all"
grep -oE '^(nvidia|cuda)[a-z0-9-]*|^triton' "$work/all" | sort -u | sed "s/$/ ; sys_platform == 'none'/" > "$work/cpu"
uv pip compile "${options[@]}" --extra pipeline --extra dev pyproject.toml -c "$work/pin" --override "$work/cpu" -o "$work/lock"
python - "$work" <<'PYTHON'
import re
import sys
from pathlib import Path

work = Path(sys.argv[1])


def blocks(name):
    found = re.split(r"\n(?=\S)", (work / name).read_text().strip())
    return {block.split(" ")[0]: block for block in found if "sys_platform == 'none'" not in block}


with_cuda, common = blocks("all"), blocks("lock")
torch = {pin: block for pin, block in with_cuda.items() if pin not in common or pin.startswith("torch==")}
del common["torch==2.13.0"]
Path("requirements.lock").write_text("\n".join(common.values()) + "\n")
Path("requirements-torch.lock").write_text("\n".join(torch.values()) + "\n")
PYTHON
cat requirements.lock requirements-torch.lock > "$work/locked"
uv pip compile "${options[@]}" --extra pipeline --extra cluster pyproject.toml -c "$work/locked" -o "$work/cluster"
python - "$work" <<'PYTHON'
import re
import sys
from pathlib import Path

work = Path(sys.argv[1])
locked, found = ((work / name).read_text() for name in ("locked", "cluster"))
names = set(re.findall(r"^\S+(?===)", locked, re.MULTILINE))
blocks = [block for block in re.split(r"\n(?=\S)", found.strip()) if block.partition("==")[0] not in names]
Path("requirements-cluster.lock").write_text("\n".join(blocks) + "\n")
PYTHON
uv pip compile "${options[@]}" --no-deps benchmarks/requirements.in -o benchmarks/requirements.txt
