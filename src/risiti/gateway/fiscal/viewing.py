"""What all parts of our answers share."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from risiti.gateway.fiscal.decimals import plain

MoneyText = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", "examples": ["118000.00"]}),
]
"""A decimal that leaves as a string: JSON numbers lose cents in too many readers."""


class View(BaseModel):
    """A part of what we answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)
