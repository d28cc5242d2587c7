"""The trace inside a file: put into figures, read back from whatever the pipeline makes."""

import io
import json
import re
import zlib
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

import png
import polars as pl
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from nominima.ground.files import Refusal
from nominima.ground.texts import printable
from nominima.tracing.trace import Trace

KEYWORD = "trace"
MARK = b"# trace "  # what a CSV begins with, the trace on the rest of the line
LARGEST_TEXT = 64 * 2**20  # bytes of an SVG, a JSON or an HTML file
LARGEST_TRACE = 16 * 2**20  # bytes of a trace in a PNG, of a safetensors header
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DAMAGED = (ValueError, LookupError, EOFError, RecursionError, png.Error, zlib.error, expat.ExpatError, SafetensorError,
           pl.exceptions.PolarsError, pl.exceptions.PanicException)  # fmt: skip


def embed(content: bytes, suffix: str, trace: Trace) -> bytes:
    """A figure with its trace inside; `suffix` is svg, png or vl.json.

    SVG: a <metadata> element with the trace as JSON; PNG: an uncompressed iTXt chunk `trace`, and the image data
    packed anew, which makes a chart of vl-convert about a quarter as large; Vega-Lite: `usermeta.trace`, the JSON
    with sorted keys and one value a line.

    Raises:
        Refusal: the content is not what the suffix says.
    """
    put = {"svg": _into_svg, "png": _into_png, "vl.json": _into_chart}[suffix.lstrip(".")]
    try:
        return put(content, trace)
    except DAMAGED as error:
        raise Refusal(f"no trace can be put into this {suffix}: {_told(error)}") from error


def read_trace(path: Path) -> Trace | None:
    """The trace that a file holds; None: a sound file without one (stripped, or not made by nominima).

    The kind of file is told by its content, so that a renamed one is read as well. Of data files only the
    headers are read.

    Raises:
        Refusal: the file is missing, damaged or of a kind that holds no trace, or its trace is damaged.
    """
    named = printable(str(path))
    try:
        held = _held(path)
        return None if held is None else _checked(held)
    except OSError as error:
        raise Refusal(f"{named}: cannot be read: {error.strerror or error}") from error
    except ValidationError:
        raise Refusal(f"{named}: its trace is damaged or forged: not a record that nominima writes") from None
    except DAMAGED as error:
        raise Refusal(f"{named}: damaged or truncated: {_told(error)}") from None


def _told(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _checked(held: Any) -> Trace:
    trace = Trace.model_validate_json(held) if isinstance(held, str | bytes) else Trace.model_validate(held)
    trace.dumps().encode()  # a record with NaN or half a surrogate pair has no key
    return trace


def _held(path: Path) -> Any:
    """What stands in the place of the trace: JSON text or the object itself; None if nothing does."""
    with path.open("rb") as file:
        start = file.read(1024)
        file.seek(0)
        if start.startswith(PNG_SIGNATURE):
            return _in_png(file)
        if start.startswith(b"PAR1"):
            return pl.read_parquet_metadata(file).get(KEYWORD)
        if start.startswith(MARK):
            return file.readline(LARGEST_TRACE).removeprefix(MARK).decode()
        if start[8:9] == b"{":
            return _in_safetensors(path, int.from_bytes(start[:8], "little"))
        text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        if text.startswith(b"{"):
            return _in_json(json.loads(_text(file)))
        if text.startswith((b"<!doctype html", b"<html")):
            return _in_html(_text(file))
        if text.startswith(b"<"):
            return _in_svg(_text(file))
    kinds = "PNG, SVG, HTML, JSON, CSV, Parquet or safetensors"
    raise Refusal(f"{printable(str(path))}: no {kinds} file; others hold no trace")


def _text(file: BinaryIO) -> bytes:
    content = file.read(LARGEST_TEXT + 1)
    if len(content) > LARGEST_TEXT:
        raise ValueError(f"a text of more than {LARGEST_TEXT} bytes")
    return content


def _into_png(content: bytes, trace: Trace) -> bytes:
    chunks = list(png.Reader(file=io.BytesIO(content)).chunks())
    # keyword, not compressed, no language, no translated keyword
    text = KEYWORD.encode() + b"\0\0\0\0\0" + trace.dumps().encode()
    image = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    header, *rest = [chunk for chunk in chunks if chunk[0] not in (b"IDAT", b"IEND")]
    out = io.BytesIO()
    png.write_chunks(out, [header, (b"iTXt", text), *rest, (b"IDAT", zlib.compress(image, 9)), (b"IEND", b"")])
    return out.getvalue()


def _in_png(file: BinaryIO) -> str | None:
    for kind, data in png.Reader(file=file).chunks():
        keyword, _, rest = data.partition(b"\0")
        if keyword == KEYWORD.encode() and kind in (b"iTXt", b"zTXt", b"tEXt"):
            return _png_text(kind, rest)
    return None


def _png_text(kind: bytes, rest: bytes) -> str:
    """Text of a chunk after its keyword: we write iTXt, an image editor may write the other forms back."""
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    body = {b"iTXt": rest[2:].split(b"\0", 2)[-1], b"zTXt": rest[1:], b"tEXt": rest}[kind]
    if packed:
        body = zlib.decompressobj().decompress(body, LARGEST_TRACE)
    return body.decode("utf-8" if kind == b"iTXt" else "latin-1")


def _in_safetensors(path: Path, header: int) -> str | None:
    if header > LARGEST_TRACE:
        raise ValueError(f"a header of {header} bytes; at most {LARGEST_TRACE} are read")
    with safe_open(path, framework="numpy") as tensors:
        return (tensors.metadata() or {}).get(KEYWORD)


def _into_chart(content: bytes, trace: Trace) -> bytes:
    chart = json.loads(content)
    chart["usermeta"] = {**chart.get("usermeta", {}), KEYWORD: trace.model_dump()}
    return (json.dumps(chart, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _in_json(tree: Any) -> Any:
    if KEYWORD in tree:
        return tree[KEYWORD]
    usermeta = tree.get("usermeta")
    return usermeta.get(KEYWORD) if isinstance(usermeta, dict) else None


def _in_html(content: bytes) -> bytes | None:
    """Content of the first script with the id `trace`, in one pass however many tags are left open."""
    at = content.find(b"<script")
    while at >= 0:
        opened = content.find(b">", at)
        closed = content.find(b"</script>", opened)
        if min(opened, closed) < 0:
            return None
        if b'id="trace"' in content[at:opened]:
            return content[opened + 1 : closed]
        at = content.find(b"<script", closed)
    return None


def _into_svg(content: bytes, trace: Trace) -> bytes:
    expat.ParserCreate().Parse(content, True)
    opening = re.search(rb"<svg\b[^>]*[^>/]>", content)
    if opening is None:
        raise ValueError("no <svg> element")
    text = trace.dumps().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
    return content[: opening.end()] + b"<metadata>" + text + b"</metadata>" + content[opening.end() :]


def _in_svg(content: bytes) -> str | None:
    """Text of the first <metadata> that holds JSON: editors add descriptions of their own."""
    found: list[list[str]] = []
    inside = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal inside
        inside = name.split(":")[-1] == "metadata"
        if inside:
            found.append([])

    def end(_: str) -> None:
        nonlocal inside
        inside = False

    def text(data: str) -> None:
        if inside:
            found[-1].append(data)

    def refuse(name: str, *_: Any) -> None:
        raise ValueError(f"it declares the entity {name}")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = refuse  # a few lines of entities can stand for gigabytes
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.Parse(content, True)
    return next((told for told in map("".join, found) if told.lstrip().startswith("{")), None)
