"""What a trace is put into stays what it was: the picture, the drawing, the chart."""

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import png
import pytest

from chain import ENVIRONMENT
from nominima.ground.files import Refusal
from nominima.tracing.artefact import embed, read_trace
from nominima.tracing.trace import Trace

TRACE = Trace(verb="report", spec={"title": "</metadata> & <b> é"}, code="ab" * 32, inputs={}, environment=ENVIRONMENT)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>'


def test_a_traced_png_is_the_same_picture_packed_as_well_as_can_be() -> None:
    rows = [[(x + y) % 7 for x in range(200)] for y in range(200)]
    loose = io.BytesIO()
    options: dict[str, Any] = {"greyscale": True, "compression": 0, "chunk_limit": 1000}
    png.Writer(200, 200, **options).write(loose, rows)
    traced = embed(loose.getvalue(), "png", TRACE)
    assert list(map(list, png.Reader(bytes=traced).asDirect()[2])) == rows
    assert len(traced) < len(loose.getvalue()) / 2


def test_a_traced_svg_is_well_formed_and_keeps_its_elements(tmp_path: Path) -> None:
    root = ElementTree.fromstring(embed(SVG, "svg", TRACE))
    assert [child.tag.split("}")[1] for child in root] == ["metadata", "path"]
    described = SVG.replace(b"<path", b"<metadata><title>x</title></metadata><path")
    (tmp_path / "a").write_bytes(embed(described, "svg", TRACE))
    assert read_trace(tmp_path / "a") == TRACE


def test_a_traced_chart_keeps_its_usermeta_and_is_readable_line_by_line() -> None:
    chart = json.loads(embed(b'{"mark": "point", "usermeta": {"code": "x"}}', "vl.json", TRACE))
    assert chart["mark"] == "point"
    assert chart["usermeta"] == {"code": "x", "trace": TRACE.model_dump()}


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(b"x", "png"), (b"<svg", "svg"), (b"<p></p>", "svg"), (b"{", "vl.json"), (b'{"a": NaN}', "vl.json")],
)
def test_no_trace_is_put_into_something_else(content: bytes, suffix: str) -> None:
    with pytest.raises(Refusal, match="no trace can be put into this"):
        embed(content, suffix, TRACE)
