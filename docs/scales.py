"""The trial of params.yaml at other scales, made by `make docs`: params.full.yaml, params.quick.yaml, and of the tests'
params.smoke.yaml what a new claim asks for.
"""

import json
import re
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

FULL = """# The trial of params.yaml on a workstation or a GPU: four decades of size and more, twice the seeds.
# Made by `make docs`; `cp params.full.yaml params.yaml` makes it yours, and `nominima estimate` says what it takes.
"""
LONGER = {
    "sizes-narrowest": (2, 4), "sizes-narrow": (8, 16), "sizes-broad": (256, 2048), "sizes-digits-narrow": (2, 8),
    "sizes-digits": (16, 2048), "convolutions-digits": (2, 256), "transformers-digits": (8, 128),
}  # fmt: skip
"""Sweep → its smallest and largest size at the full scale."""

QUICK = """# The trial of params.yaml in small: perceptrons of up to 64 units, mostly on digits, with fewer seeds.
# Made by `make docs`; `make quick` runs it in a folder of its own. Its words are those of a small trial.
"""
LEFT_OUT = {
    "sizes-narrowest", "sizes-broad", "sizes-ends", "sizes-digits-ends", "sizes-sgd", "sizes-sgd-digits",
    "sizes-linear", "decay-longer", "held", "fewer", "depths", "random-sizes", "tuned", "tuned-digits", "rates",
    "picked", "long", "by-heart", "optimizers-sgd", "optimizers-momentum", "optimizers-adaptive", "weak-teachers",
    "weak-taught", "weak-taught-near",
}  # fmt: skip
"""Sweeps that the quick scale lacks, besides those of other families."""
FAMILIES = {"cnn", "transformer"}
KEPT = {"data": "digits", "task": "digits", "schedule": "constant"}
"""Axis → what the labels hold that the quick scale keeps."""
WIDEST = 64  # units at the quick scale
SIZES = {"sizes-narrow": {16}, "random-labels": {16, 32}, "starts": {16, 32}}
"""Sweep → the sizes that it has at the quick scale, where not all up to WIDEST."""
UNDECIDED = {"c2b_escape_direction"}
"""Claims that it leaves out: they would need more networks."""
ASKED = {"c2a_minima_vanish": {"datasets": ["digits"]}, "c3d_small_models": {"datasets": ["digits"]}}
"""What these claims take at the quick scale."""
FEWER = {"toy_minima": {"widest": 32, "starts": 8, "deciding": 40}}
"""Options of measures at the quick scale."""


def full(params: str) -> str:
    """params.yaml with longer size axes and twice the seeds."""
    first, *sweeps = re.split(r"(?m)^(?=  [a-z0-9-]+:)", params.partition("\nsweeps:")[2].partition("\nmeasures:")[0])
    head, rest = params.partition("\nsweeps:")[0], params.partition("\nmeasures:")[2]
    whole = f"{head}\nsweeps:{first}{''.join(map(_longer, sweeps))}\nmeasures:{rest}"
    twice = re.sub(r"\bseeds: (\d+(?=$|[ },]|\n)|\[[\d, ]+\])", _twice, whole.partition("\nmeasures:")[0])
    return f"{FULL}\n{twice[twice.index('strict:') :]}\nmeasures:{rest}"


def _twice(seeds: re.Match[str]) -> str:
    """Each number of `seeds: 8`, or of `seeds: [8, 8]`, doubled."""
    return re.sub(r"\d+", lambda number: str(2 * int(number[0])), seeds[0])


def _longer(sweep: str) -> str:
    """A sweep with the size axis that it has at the full scale, each size twice the one before."""
    name = sweep.partition(":")[0].strip()
    if name not in LONGER:
        return sweep
    smallest, largest = LONGER[name]
    sizes = [smallest << power for power in range((largest // smallest).bit_length())]
    return re.sub(r"\{([wcd]): \[.*?\]\}", lambda axis: f"{{{axis[1]}: {sizes}}}", sweep)


def quick(params: str) -> str:
    """params.yaml with fewer sweeps and sizes, and half the seeds where a sweep names none; its comments are left."""
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.sort_base_mapping_type_on_output = 150, False  # pyright: ignore[reportAttributeAccessIssue]
    tree: dict[str, Any] = yaml.load(params)
    seeds = tree["training"]["seeds"]
    tree["training"] |= {"seeds": (seeds[0] if isinstance(seeds, list) else seeds) // 2}
    tree["sweeps"] = {name: _smaller(name, sweep) for name, sweep in tree["sweeps"].items() if _stays(name, sweep)}
    groups = {group for sweep in tree["sweeps"].values() for group in sweep.get("groups", ())}
    tree["measures"] = {name: options | FEWER.get(name, {}) for name, options in tree["measures"].items()}
    tree["claims"] = {name: _of(claim, {*tree["sweeps"], *groups}) | ASKED.get(name, {})
                      for name, claim in tree["claims"].items() if name not in UNDECIDED}  # fmt: skip
    out = StringIO()
    yaml.dump(tree, out)
    return f"{QUICK}\n{out.getvalue()}"


def smoke(params: str, few: str) -> str:
    """The smoke params with an entry at their end for each claim that only params.yaml has.

    It asks for those of the claim's sweeps and groups that there are, or for `sizes` where it asks for sweeps and none
    of them is there. An entry that is there stays as it was written.
    """
    yaml = YAML(typ="safe", pure=True)
    whole, tree = yaml.load(params), yaml.load(few)
    groups = {group for sweep in tree["sweeps"].values() for group in sweep.get("groups", ())}
    lacking = {name: _of(claim, {*tree["sweeps"], *groups}) for name, claim in whole["claims"].items()
               if name not in tree["claims"]}  # fmt: skip
    asked = {name: claim | {"sweeps": claim["sweeps"] or ["sizes"]} if "sweeps" in claim else claim
             for name, claim in lacking.items()}  # fmt: skip
    return few + "".join(f"  {name}: {json.dumps(claim)}\n" for name, claim in asked.items())


def _stays(name: str, sweep: dict[str, Any]) -> bool:
    return name not in LEFT_OUT and sweep.get("changes", {}).get("model") not in FAMILIES


def _smaller(name: str, sweep: dict[str, Any]) -> dict[str, Any]:
    """A sweep with those of its labels and sizes that the quick scale keeps."""
    axes = {axis: _labels(axis, labels, SIZES.get(name)) for axis, labels in sweep.get("axes", {}).items()}
    changes = sweep.get("changes", {})
    narrow = {"changes": changes | {"size": min(changes["size"], WIDEST)}} if "size" in changes else {}
    return sweep | narrow | ({"axes": axes} if axes else {})


def _labels(axis: str, labels: dict[str, Any], sizes: set[int] | None) -> dict[str, Any]:
    def stays(size: int) -> bool:
        return size in sizes if sizes else size <= WIDEST

    kept = {label: value for label, value in labels.items() if KEPT.get(axis, "") in label}
    if axis == "size" and all(isinstance(value, list) for value in kept.values()):
        return {letter: [size for size in value if stays(size)] for letter, value in kept.items()}
    return {label: value for label, value in kept.items() if axis != "size" or stays(value["size"])}


def _of(claim: dict[str, Any], there: set[str]) -> dict[str, Any]:
    """What a claim asks for, of the sweeps and groups that are there."""
    return claim | {"sweeps": [name for name in claim["sweeps"] if name in there]} if "sweeps" in claim else claim
