"""Strict records and the types of their values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LOWEST, HIGHEST = 1e-30, 1e30  # of sizes and strengths: single precision ends at 1e-38 and 3e38

Natural = Annotated[int, Field(ge=0, le=2**31)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Repeats = Annotated[int, Field(ge=1, le=10_000)]
Positive = Annotated[float, Field(gt=0, ge=LOWEST, le=HIGHEST)]
NonNegative = Annotated[float, Field(ge=0, le=HIGHEST)]
Share = Annotated[float, Field(ge=0, le=1)]
RawFile = Annotated[str, Field(pattern=r"^data/raw/[A-Za-z0-9_]([A-Za-z0-9_-]|[./][A-Za-z0-9_-])*$")]


class Strict(BaseModel):
    """A frozen record that takes exactly its own keys, exact types and finite numbers."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)
