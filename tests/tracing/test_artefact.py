"""A trace goes into a figure and comes out of every kind of file, whatever has been done to it."""

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import png
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from nominima.ground.files import Refusal
from nominima.tracing import artefact
from nominima.tracing.artefact import embed, read_trace
from nominima.tracing.trace import Trace

TRACE = Trace(
    verb="report",
    spec={"figure": "c0a_x", "title": "</script></metadata> & <b> é 𝒳 \\ \" ' \x7f", "rate": 1e-5},
    code="ab" * 32,
    inputs={"reports/verdicts/c0a_x.json": "cd" * 32},
    environment={"python": "3.11.7"},
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>'


def picture(width: int = 4, height: int = 4) -> bytes:
    out = io.BytesIO()
    png.from_array([[7] * width] * height, "L").write(out)
    return out.getvalue()


def island(trace: Trace) -> str:
    text = trace.dumps().replace("<", "\\u003c")
    script = f'<script type="application/json" id="trace">{text}</script>'
    return f'<!doctype html><html>{script}<p id="x">a</p></html>'


def make_parquet(path: Path) -> None:
    pl.DataFrame({"seed": [1, 2]}).write_parquet(path, metadata={"trace": TRACE.dumps()})


def make_safetensors(path: Path) -> None:
    save_file({"x": np.arange(9.0)}, path, metadata={"trace": TRACE.dumps()})


MAKERS: dict[str, Callable[[Path], object]] = {
    "svg": lambda path: path.write_bytes(embed(SVG, "svg", TRACE)),
    "png": lambda path: path.write_bytes(embed(picture(), ".png", TRACE)),
    "vl.json": lambda path: path.write_bytes(embed(b'{"mark": "point"}', "vl.json", TRACE)),
    "parquet": make_parquet,
    "safetensors": make_safetensors,
    "json": lambda path: path.write_text(json.dumps({"outcome": "mixed", "trace": TRACE.model_dump()})),
    "html": lambda path: path.write_text(island(TRACE)),
}
STRIPPED: dict[str, Callable[[Path], object]] = {
    "svg": lambda path: path.write_bytes(SVG),
    "png": lambda path: path.write_bytes(picture()),
    "vl.json": lambda path: path.write_bytes(b'{"mark": "point", "usermeta": {"theme": "dark"}}'),
    "parquet": lambda path: pl.DataFrame({"seed": [1, 2]}).write_parquet(path),
    "safetensors": lambda path: save_file({"x": np.arange(9.0)}, path),
    "json": lambda path: path.write_text("{}"),
    "html": lambda path: path.write_text("<!DOCTYPE html><html><script>1</script></html>"),
}
STARTS = [b"", b"{", b"<svg>", b"<html>", b"PAR1", b"\x89PNG\r\n\x1a\n", b"\x09" + b"\0" * 7 + b"{"]


@pytest.mark.parametrize("kind", MAKERS)
def test_the_trace_comes_back_under_any_name(kind: str, tmp_path: Path) -> None:
    for name in (f"a.{kind}", "renamed", "renamed.txt", "renamed.png", "renamed.json"):
        MAKERS[kind](tmp_path / name)
        assert read_trace(tmp_path / name) == TRACE


@pytest.mark.parametrize("kind", STRIPPED)
def test_a_file_without_a_trace_is_told_from_a_damaged_one(kind: str, tmp_path: Path) -> None:
    STRIPPED[kind](tmp_path / "a")
    assert read_trace(tmp_path / "a") is None


@pytest.mark.parametrize("kind", MAKERS)
def test_every_truncation_is_refused_or_still_tells_the_truth(kind: str, tmp_path: Path) -> None:
    MAKERS[kind](tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    for length in range(0, len(content), 7):
        assert read_or_refused(cut, content[:length]) in (None, TRACE)


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - {"parquet"}))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_ends_in_a_traceback(
    kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a"
    MAKERS[kind](path)
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    read_or_refused(path, bytes(content))


@settings(max_examples=100, deadline=None)
@given(start=st.sampled_from(STARTS), rest=st.binary())
def test_arbitrary_bytes_end_in_a_refusal_or_no_trace(
    start: bytes, rest: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read_or_refused(tmp_path_factory.mktemp("fuzz") / "a", start + rest)


def read_or_refused(path: Path, content: bytes) -> Trace | None:
    path.write_bytes(content)
    try:
        return read_trace(path)
    except Refusal as refusal:
        lines = str(refusal).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(str(path))
    return None


def test_a_footer_that_makes_the_parquet_reader_panic_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(_: object) -> dict[str, str]:
        raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")

    make_parquet(tmp_path / "a")
    monkeypatch.setattr(pl, "read_parquet_metadata", panic)
    with pytest.raises(Refusal, match=r"a: damaged or truncated: called `Option"):
        read_trace(tmp_path / "a")


@pytest.mark.parametrize(
    "content",
    [
        b'{"trace": {"verb": "report"}}',
        b'{"trace": 3}',
        b'{"trace": [1]}',
        json.dumps({"trace": TRACE.model_dump() | {"extra": 1}}).encode(),
        json.dumps({"trace": TRACE.model_dump() | {"spec": {"x": float("nan")}}}).encode(),
        json.dumps({"trace": TRACE.model_dump() | {"spec": {"x": "\ud800"}}}).encode(),
    ],
)
def test_a_forged_trace_that_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Refusal, match=r"a: (its trace is damaged or forged|damaged)"):
        read_trace(tmp_path / "a")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no PNG"),
        (b"hello", "no PNG"),
        (b"\xff\xd8\xff\xe0JFIF", "no PNG"),
        (b"[" * 100_000, "no PNG"),
        (b'{"a":' * 100_000, "damaged"),
        ((5 * 2**30).to_bytes(8, "little") + b"{}", "header of 5368709120 bytes"),
        (b'<?xml version="1.0" encoding="klingon"?><svg/>', "damaged"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
            b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12)
        ) + b"]><svg><metadata>&m;</metadata></svg>", "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_artefact_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Refusal, match=told):
        read_trace(tmp_path / "a")


@pytest.mark.parametrize("piece", [b"<script ", b"<script>", b'<script id="trace">', b"<script></script", b"<"])
def test_tags_that_are_left_open_are_read_in_one_pass(piece: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"<html>" + piece * (2 * 2**20 // len(piece)))
    assert read_trace(tmp_path / "a") is None


def test_an_svg_of_many_pieces_is_joined_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"<svg><metadata>" + b"a&amp;" * 2**20 + b"</metadata></svg>")
    assert read_trace(tmp_path / "a") is None


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(Refusal, match="cannot be read"):
            read_trace(path)


def test_large_texts_and_large_packed_traces_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "LARGEST_TEXT", 100)
    MAKERS["svg"](tmp_path / "a.svg")
    with pytest.raises(Refusal, match="more than 100 bytes"):
        read_trace(tmp_path / "a.svg")
    bomb = zlib.compress(b"{" * 10**7)
    text = (b"iTXt", b"trace\0\1\0\0\0" + bomb)
    monkeypatch.setattr(artefact, "LARGEST_TRACE", 1000)
    (tmp_path / "a.png").write_bytes(with_chunk(text))
    with pytest.raises(Refusal, match="damaged or forged"):
        read_trace(tmp_path / "a.png")


def with_chunk(chunk: tuple[bytes, bytes]) -> bytes:
    header, *rest = png.Reader(bytes=picture()).chunks()
    out = io.BytesIO()
    png.write_chunks(out, [header, chunk, *rest])
    return out.getvalue()


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iTXt", b"trace\0\1\0en\0Spur\0" + zlib.compress(TRACE.dumps().encode())),
        (b"zTXt", b"trace\0\0" + zlib.compress(TRACE.model_copy(update={"spec": {}}).dumps().encode())),
        (b"tEXt", b"trace\0" + TRACE.model_copy(update={"spec": {}}).dumps().encode()),
    ],
)
def test_text_chunks_of_an_image_editor_are_read(chunk: tuple[bytes, bytes], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(with_chunk(chunk))
    found = read_trace(tmp_path / "a")
    assert found is not None
    assert found.code == TRACE.code
