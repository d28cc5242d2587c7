"""A ledger: what one verb made, job by job, kept in Git as reports/ledger/<verb>.json.

A job's entry holds its whole trace, so that a ledger can be read without the files it lists. Entries are
under the job's name and stay in their place when values change: `git diff` shows the lines that moved.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from nominima.ground.files import REMEDY, Refusal, read
from nominima.ground.records import Strict
from nominima.ground.texts import canonical
from nominima.tracing.trace import Trace


class Entry(Strict):
    """One job: the trace of its outputs and their digests."""

    trace: str = Field(description="key of the trace, the code printed in figures")
    spec: dict[str, Any]
    code: str
    inputs: dict[str, str] = Field(description="path → SHA-256")
    environment: str = Field(description="a key of the ledger's environments")
    outputs: dict[str, str] = Field(description="path → SHA-256")


class Ledger(Strict):
    """What one verb made. Its bytes depend on nothing but the jobs and their outputs."""

    format: Literal[1] = 1
    verb: str
    environments: dict[str, dict[str, str]] = Field(description="versions and processor, under a digest")
    jobs: dict[str, Entry]

    @cached_property
    def digests(self) -> dict[str, str]:
        """Path → SHA-256 of every file the verb made."""
        return {path: digest for entry in self.jobs.values() for path, digest in entry.outputs.items()}

    @cached_property
    def makers(self) -> dict[str, str]:
        """Path → name of the job that made it."""
        return {path: name for name, entry in self.jobs.items() for path in entry.outputs}

    def key(self, path: str) -> str:
        """Key of a file's trace."""
        return self.jobs[self.makers[path]].trace

    def trace(self, job: str) -> Trace:
        """The trace of a job's outputs, as it stands in them."""
        entry = self.jobs[job]
        return Trace(verb=self.verb, spec=entry.spec, code=entry.code, inputs=entry.inputs,
                     environment=self.environments[entry.environment])  # fmt: skip

    def dumps(self) -> bytes:
        """The one text of this ledger: sorted, one value a line."""
        text = json.dumps(self.model_dump(), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, entry in self.jobs.items():
            if entry.environment not in self.environments:
                raise ValueError(f"job {name} names an environment that is not there")
            if self.trace(name).key != entry.trace:
                raise ValueError(f"the trace of job {name} does not have the key {entry.trace}")
        return self


def compose(verb: str, traces: dict[str, Trace], outputs: dict[str, dict[str, str]]) -> Ledger:
    """A ledger from job → trace and job → {path: digest}."""
    environments = {_name(trace.environment): trace.environment for trace in traces.values()}
    jobs = {
        name: Entry(
            trace=trace.key,
            spec=trace.spec,
            code=trace.code,
            inputs=trace.inputs,
            environment=_name(trace.environment),
            outputs=outputs[name],
        )
        for name, trace in traces.items()
    }
    return Ledger(verb=verb, environments=environments, jobs=jobs)


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file.

    Raises:
        Refusal: it is missing, damaged or inconsistent in itself.
    """
    return parse(read(path), str(path))


def parse(content: bytes, origin: str) -> Ledger:
    """A ledger from its text; `origin` names it in messages.

    Raises:
        Refusal: it is damaged or inconsistent in itself.
    """
    try:
        return Ledger.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        told = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": ")
        raise Refusal(f"{origin}: not a sound ledger ({told}); restore it with `git checkout -- {origin}`, "
                      f"or delete it and {REMEDY}") from None  # fmt: skip


def _name(environment: dict[str, str]) -> str:
    return hashlib.sha256(canonical(environment).encode()).hexdigest()[:12]
