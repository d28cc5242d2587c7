"""What a replication found, told to people, to programs as JSON, and to its receipt."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from nominima.auditing.replica import Pair, Replica
from nominima.auditing.replication import Replication
from nominima.auditing.seeds import least
from nominima.auditing.subject import Subject
from nominima.ground.places import detail
from nominima.ground.texts import number
from nominima.judging.record import Cell
from nominima.tracing.receipt import Claim
from nominima.tracing.tell import few, text

FEW = 6
SAME, NONE = "same words", "not replicated"
HEADS = ("", "claim", "recorded", "replicated", "same", "overlap", "flipped")  # 80 columns at most


def before(subject: Subject, console: Console) -> None:
    """Say which seeds stand for which."""
    told = f"seeds from {subject.seeds} on in place of those from {least(subject.plan)} on, the same data sets"
    console.print(text(told), soft_wrap=True)


def show(found: Replication, console: Console) -> None:
    """Print a row for each claim, then what differs in each."""
    console.print(text(f"commit {found.subject.commit[:12]}", "bold"))
    for name, lines in (("environment", found.environment), ("source", found.source)):
        if lines:
            console.print(text(f"note: other {name} than made it: {few(lines)}", "yellow"), soft_wrap=True)
    console.print(_table(found))
    for each in found.replicas:
        lines = list(_differs(each))
        if lines or each.why:
            more = [f"… and {len(lines) - FEW} more"] if len(lines) > FEW else []
            told = f"{_mark(each)} {each.claim}: {each.grade}{f' ({each.why})' if each.why else ''}"
            console.print(text(["", told], _colour(each)), soft_wrap=True)
            for line in [*lines[:FEW], *more]:
                console.print(text(f"  {line}"), soft_wrap=True)
    counts = ", ".join(f"{count} with {grade}" if grade != NONE else f"{count} {grade}"
                       for grade, count in found.counts.items())  # fmt: skip
    console.print(text(f"{len(found.replicas)} claims: {counts}", "red" if found.fails(strict=False) else "green"))


def tree(found: Replication) -> dict[str, Any]:
    """The same as plain objects for JSON, every cell with its numbers."""
    return {
        "commit": found.subject.commit,
        "first_seed": found.subject.seeds,
        "grade": found.grade,
        "counts": found.counts,
        "other_environment": found.environment,
        "other_source": found.source,
        "claims": {
            each.claim: {
                "grade": each.grade,
                "why": each.why,
                "words": [word._asdict() for word in each.words],
                "cells": [_cell(cell) for cell in each.cells],
            }
            for each in found.replicas
        },
        "seconds": {" ".join(name): round(made.seconds, 2) for name, made in found.made.items()},
    }


def claims(found: Replication) -> dict[str, Claim]:
    """The same for a receipt: what differs in words, the rest as counts."""
    return {
        each.claim: Claim(
            grade=each.grade, recorded=each.recorded, replicated=each.again, why=each.why, cells=len(each.cells),
            same=len(each.same), compared=len(each.compared), overlapping=len(each.overlapping),
            flipped=[cell.word.of for cell in each.flipped], differs=list(_differs(each)),
            files=sorted(files(found.subject, each.claim)),
        )
        for each in found.replicas
    }  # fmt: skip


def files(subject: Subject, claim: str) -> dict[str, str]:
    """Path → SHA-256 of a claim's verdict, evidence and pictures, as recorded."""
    entries = [subject.entry(name) for name in (("judge", claim), ("report", claim), ("report", detail(claim)))]
    return {path: told for entry in entries if entry for path, told in entry.outputs.items()}


def _differs(each: Replica) -> Iterator[str]:
    """Its other words, then the cells that flipped, then those with other words, then intervals that lie apart."""
    yield from (f"{word.of}: {word.recorded}, now {word.again}" for word in each.changed)
    told = [cell for cell in each.cells if cell.word.changed or cell.overlap is False]
    yield from map(_line, sorted(told, key=lambda cell: (not cell.word.flipped, not cell.word.changed)))


def _table(found: Replication) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for head in HEADS:
        table.add_column(head, no_wrap=head != "claim", overflow="fold")
    for each in found.replicas:
        shares = (_share(each.same, each.cells), _share(each.overlapping, each.compared), str(len(each.flipped)))
        row = (_mark(each), each.claim, each.recorded, each.again, *(shares if each.words else ()))
        table.add_row(*(text(told, _colour(each)) for told in row))
    return table


def _mark(each: Replica) -> str:
    return "✘" if each.fails else "✔" if each.grade == SAME else "!"


def _colour(each: Replica) -> str:
    return {"✘": "red", "✔": "green", "!": "yellow"}[_mark(each)]


def _line(cell: Pair) -> str:
    apart = "; the intervals lie apart" if cell.overlap is False else ""
    return f"{cell.word.of}: {_side(cell.recorded)}, now {_side(cell.again)}{apart}"


def _side(cell: Cell | None) -> str:
    """A cell's word and its number with the interval."""
    if cell is None:
        return "no such cell"
    its = cell.estimate
    return f"{cell.outcome} {number(its.value)} [{number(its.low)}, {number(its.high)}]"


def _cell(cell: Pair) -> dict[str, Any]:
    told = [
        each and [number.model_dump(mode="json") for number in each.numbers] for each in (cell.recorded, cell.again)
    ]
    numbers = dict(zip(("recorded_numbers", "replicated_numbers"), told, strict=True))
    return {"cell": cell.word.of, "recorded": cell.word.recorded, "replicated": cell.word.again,
            "overlap": cell.overlap} | numbers  # fmt: skip


def _share(some: list[Pair], of: list[Pair]) -> str:
    return f"{len(some)}/{len(of)}"
