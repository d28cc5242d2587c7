"""What made a file: spec, code, inputs and environment, kept inside every artefact."""

import hashlib
import platform
import re
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nominima.ground.texts import canonical
from nominima.planning.workplace import threads

PACKAGES = ("numpy", "scipy", "torch", "polars", "altair", "vl-convert-python", "scikit-learn", "mnist1d")


class Trace(BaseModel):
    """The provenance of one job's outputs. Holds no clock, path outside the project, host or commit."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    verb: str = Field(description="prepare, train, measure, judge or report")
    spec: dict[str, Any] = Field(description="exactly the values the job was given")
    code: str = Field(description="digest of the source it can reach, see planning.digests")
    inputs: dict[str, str] = Field(description="path from the project's root → SHA-256")
    environment: dict[str, str] = Field(description="versions, processor capability and threads")

    def dumps(self) -> str:
        """Canonical JSON: sorted, no spaces, no NaN."""
        return canonical(self.model_dump())

    @property
    def key(self) -> str:
        """The trace code that is printed in figures: first 12 hexadecimal digits of the trace's SHA-256."""
        return hashlib.sha256(self.dumps().encode()).hexdigest()[:12]

    @property
    def asked(self) -> str:
        """Key of what was asked of the job, whatever the environment it ran in."""
        return asked(self.verb, canonical(self.spec), self.code, self.inputs)


def asked(verb: str, spec: str, code: str, inputs: Mapping[str, str]) -> str:
    """Key of a job: its verb, its spec as canonical JSON, its code and the digests of its inputs."""
    return hashlib.sha256(canonical([verb, spec, code, inputs]).encode()).hexdigest()


def differences(before: Any, after: Any, at: str = "") -> list[str]:
    """The leaves in which two specs differ, as `run.training.rate: 0.1 → 0.05`, sorted."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = [
            differences(before.get(key), after.get(key), f"{at}.{key}".lstrip("."))
            for key in sorted(before.keys() | after.keys())
        ]
        return list(chain.from_iterable(lines))
    told = canonical(before), canonical(after)
    return [] if told[0] == told[1] else [f"{at}: {told[0]} → {told[1]}"]


def flat(spec: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Leaves of a spec under dotted names, as JSON texts without the quotes; empty branches are left out."""
    leaves: dict[str, str] = {}
    for key, value in spec.items():
        leaves |= flat(value, f"{at}{key}.") if isinstance(value, dict) else {f"{at}{key}": _text(value)}
    return leaves


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)


def compared(specs: list[dict[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The leaves that all specs share, and of the others the values in order of appearance, – for none."""
    keys = dict.fromkeys(key for spec in specs for key in spec)
    values = {key: list(dict.fromkeys(spec.get(key, "–") for spec in specs)) for key in keys}
    alike = {key: told[0] for key, told in values.items() if len(told) == 1}
    return alike, {key: told for key, told in values.items() if len(told) > 1}


def environment() -> dict[str, str]:
    """What besides spec, code and inputs can move a bit: interpreter, libraries and processor family."""
    versions = {name: version(name).split("+")[0] for name in PACKAGES}
    machine = {"python": platform.python_version(), "processor": processor(), "threads": threads()}
    return versions | machine | {"zlib": zlib.ZLIB_RUNTIME_VERSION}  # packs the pictures


def processor() -> str:
    """Architecture, maker, widest vector unit (`x86_64 AuthenticAMD avx2`): what kernels are chosen by."""
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - not a project file
            told = file.read()
    except OSError:
        told = ""
    maker = re.search(r"^vendor_id\s*: (\S+)$", told, re.MULTILINE)
    widest = next((flag for flag in ("avx512f", "avx2", "avx") if flag in told.split()), "")
    return " ".join(filter(None, (platform.machine(), maker and maker[1], widest)))
