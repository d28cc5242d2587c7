"""Strict records and the types of their values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Natural = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
RawFile = Annotated[str, Field(pattern=r"^data/raw/[A-Za-z0-9_]([A-Za-z0-9_-]|[./][A-Za-z0-9_-])*$")]


class Strict(BaseModel):
    """A frozen record that takes exactly its own keys, exact types and finite numbers."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)
