"""The frame of every job: arguments and inputs checked, one trace for all outputs."""

import argparse
import gc
import json
import re
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

from nominima.ground.files import REMEDY, Refusal, digest
from nominima.ground.places import ledger, owner
from nominima.planning import digests
from nominima.tracing.artefact import read_trace
from nominima.tracing.ledger import Ledger, read_ledger
from nominima.tracing.trace import Trace, environment

LONGEST = 200  # characters of why a part of a job failed
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it
FIRST = 2.0  # GB of memory that are worth a line
MEMORY = "memory is used up"
LOWER = "ask for fewer seeds, examples or lanes, or for smaller sizes, or give `snakemake` fewer --cores"


Result = TypeVar("Result")


@dataclass(frozen=True)
class Work:
    """What a verb is given; nothing else of the project is visible to it."""

    verb: str
    spec: dict[str, Any]
    code: str
    inputs: list[Path]
    outputs: list[Path]

    @cached_property
    def trace(self) -> Trace:
        """The trace of this job's outputs.

        Raises:
            Refusal: the source changed since the workflow started, or an input was edited by hand.
        """
        if digests.changed(self.code):
            raise Refusal("the source changed while the workflow ran; run it again")
        inputs = {str(path): digest(path) for path in self.inputs}
        for path, found in inputs.items():
            _refuse_edited(path, found)
        return Trace(verb=self.verb, spec=self.spec, code=self.code, inputs=inputs, environment=environment())


def _refuse_edited(path: str, found: str) -> None:
    """Refuse an input whose ledger has the same trace with other bytes."""
    if path.startswith(("data/raw/", "reports/ledger/")):
        return
    sealed = _sealed(owner(path))
    recorded = sealed.digests.get(path, found)
    if recorded == found:
        return
    trace = read_trace(Path(path))
    if trace is None or trace.key == sealed.key(path):
        raise Refusal(
            f"{path}: edited by hand, or its job is not deterministic: SHA-256 {found[:12]}… where its ledger has "
            f"{recorded[:12]}… for the same trace; delete it, then {REMEDY}"
        )


@cache
def _sealed(verb: str) -> Ledger:
    path = Path(ledger(verb))
    return read_ledger(path) if path.exists() else Ledger(verb=verb, environments={}, jobs={})


def main(verb: str, work: Callable[[Work], None]) -> None:
    """Run one job as a process: `python -m nominima.<module> --spec … --code … --inputs … --outputs …`.

    `@FILE` stands for the lines of a file, an argument each: a command line does not hold thousands of names.

    Errors that a person can mend end with their message and exit code 1, without a traceback.
    """
    parser = argparse.ArgumentParser(prog=f"nominima {verb}", fromfile_prefix_chars="@")
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", required=True)
    for name in ("inputs", "outputs"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[])
    job = Work(verb=verb, **vars(parser.parse_args()))
    gc.freeze()  # what was imported: to look through it again, and at the end, takes a fifth of a short job
    digests.recall()
    done = Event()
    Thread(target=_watch, args=(done,), daemon=True).start()
    try:
        _ = job.trace  # inputs are checked before they are used
        work(job)
    except Refusal as refusal:
        sys.exit(f"{verb}: {refusal}")
    except KeyboardInterrupt:
        print(f"{verb}: interrupted; nothing was changed", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not out_of_memory(error):
            raise
        sys.exit(f"{verb}: {MEMORY}: it had {_peak():.1f} GB and could not get more; {LOWER}")
    finally:
        done.set()
    print(spent())


def spent() -> str:
    """What this process has cost so far, as the last line of a job's log."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return f"cost: {used.ru_utime + used.ru_stime:.2f} CPU s, {used.ru_maxrss / 1e3:.0f} MB"


def attempted(work: Callable[[], Result]) -> tuple[Result | None, str]:
    """What a part of a job gives, and "", or None and why it failed; its traceback is printed.

    What a person must mend, and a machine that has no more memory or space, end the job as ever. No text of a Refusal
    gets into a result here, so that its words rerun nothing (planning.reach).
    """
    try:
        return work(), ""
    except (Refusal, MemoryError, OSError):
        raise
    except Exception as error:
        if out_of_memory(error):
            raise
        traceback.print_exc()
        first = next(iter(str(error).splitlines()), "")
        return None, re.sub(r"0x[0-9a-f]+", "0x…", f"{type(error).__name__}: {first}")[:LONGEST]


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory is used up, in Python's words or torch's."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error))


def _watch(done: Event) -> None:
    """Print the peak of memory whenever it has grown by half: what is left to read where the job is killed for it."""
    told = FIRST
    while True:
        if _peak() > told:
            told = 1.5 * _peak()
            print(f"memory: {_peak():.1f} GB", flush=True)
        if done.wait(timeout=1):
            return


def _peak() -> float:
    """GB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
