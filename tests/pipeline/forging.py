"""A consistent forgery: a file is changed, and with it every record of its digest, in every file made from it."""

import io
import json
import re
import zlib
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import png
import polars as pl
from project import Project
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from nominima.ground.files import digest
from nominima.ground.places import ledger
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import load
from nominima.tracing.artefact import embed
from nominima.tracing.ledger import compose, read_ledger
from nominima.tracing.trace import Trace

Change = Callable[[Any], None]
"""Changes what a file holds, in place: arrays by name, columns as lists, a JSON tree, lines of a text; or a file."""


def forge(project: Project, file: str, change: Change) -> None:
    """Change a file, make everything downstream tell of the new digest, record it with DVC and commit it."""
    forge_all(project, {file: change})


def forge_all(project: Project, changes: dict[str, Change]) -> None:
    """The same of several files at once."""
    root, jobs = project.root, Plan(load(project.root / "params.yaml")).by_verb
    moved: dict[str, str] = {}
    for verb, planned in jobs.items():
        told = read_ledger(root / ledger(verb))
        traces = {name: told.trace(name) for name in planned}
        outputs = {name: dict(told.jobs[name].outputs) for name in planned}
        for name in _ordered(planned):
            job = planned[name]
            inputs = {path: moved.get(path, was) for path, was in traces[name].inputs.items()}
            traces[name] = traces[name].model_copy(update={"inputs": inputs})
            for path in job.outputs:
                if path in changes or inputs != told.jobs[name].inputs:
                    rewrite(root / path, traces[name], changes.get(path, lambda _: None))
                    outputs[name][path] = moved[path] = digest(root / path)
        (root / ledger(verb)).write_bytes(compose(verb, traces, outputs).dumps())
        moved[ledger(verb)] = digest(root / ledger(verb))
    project.run("dvc", "commit", "--force")
    project.commit()


def _ordered(planned: dict[str, Job]) -> list[str]:
    """The jobs of a verb, each after those whose outputs it reads."""
    makers = {file: name for name, job in planned.items() for file in job.outputs}
    above = {name: {makers[file] for file in job.inputs if file in makers} for name, job in planned.items()}
    return list(TopologicalSorter(above).static_order())


def rewrite(path: Path, trace: Trace, change: Change) -> None:
    """A file with a change and another trace."""
    path.chmod(0o644)
    if path.suffix == ".safetensors":
        with safe_open(path, "numpy") as file:
            told = file.metadata()
        arrays = load_file(path)
        change(arrays)
        save_file(arrays, path, metadata=told | {"trace": trace.dumps()})
    elif path.suffix == ".parquet":
        table = pl.read_parquet(path)
        columns = table.to_dict(as_series=False)
        change(columns)
        pl.DataFrame(columns, schema=table.schema).write_parquet(path, metadata={"trace": trace.dumps()})
    elif path.name.endswith(".vl.json") or path.suffix in (".svg", ".png"):
        change(path)
        path.write_bytes(embed(bare(path), "vl.json" if path.suffix == ".json" else path.suffix, trace))
    elif path.suffix == ".json":
        tree = json.loads(path.read_text())
        change(tree)
        path.write_text(json.dumps(tree | {"trace": trace.model_dump()}))
    elif path.suffix == ".html":
        change(path)
        told = re.compile(r'(<script[^>]*id="trace"[^>]*>).*?(</script>)', re.DOTALL)
        path.write_text(told.sub(lambda found: f"{found[1]}{trace.dumps()}{found[2]}", path.read_text(), count=1))
    else:
        lines = path.read_text().split("\n")
        change(lines)
        path.write_text("\n".join([f"# trace {trace.dumps()}", *lines[1:]]))


def repacked(picture: Path, target: Path, change: Callable[[bytearray, int], None]) -> None:
    """A PNG with other pixels, the trace kept; `change` gets its rows, in place, and the bytes of a row."""
    chunks = list(png.Reader(bytes=picture.read_bytes()).chunks())
    rows = bytearray(zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT")))
    change(rows, len(rows) // int.from_bytes(chunks[0][1][4:8], "big"))
    head = [each for each in chunks if each[0] not in (b"IDAT", b"IEND")]
    out = io.BytesIO()
    png.write_chunks(out, [*head, (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b"")])
    target.chmod(0o644) if target.exists() else None
    target.write_bytes(out.getvalue())


def bare(path: Path) -> bytes:
    """A figure without its trace."""
    if path.suffix == ".svg":
        return re.sub(rb"<metadata>.*?</metadata>", b"", path.read_bytes(), count=1, flags=re.DOTALL)
    if path.suffix == ".png":
        out = io.BytesIO()
        png.write_chunks(out, [each for each in png.Reader(bytes=path.read_bytes()).chunks() if each[0] != b"iTXt"])
        return out.getvalue()
    return path.read_bytes()
