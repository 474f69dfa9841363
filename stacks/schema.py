"""Walks the spec's own classes: which keys a place in the stack file knows, and what a field means."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.spec.stack import StackSpec

Location = tuple[int | str, ...]


def keys_of(section: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a section as written in the stack file."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - annotations have no common type
    """Yield every section class inside an annotation: members of unions, items of tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple):
        for argument in get_args(annotation):
            yield from sections_in(argument)


def tag_of(section: type[BaseModel]) -> str | None:
    """Return the value of ``type`` that chooses this section in a union; None for sections without one."""
    field = section.model_fields.get("type")
    if field is None or get_origin(field.annotation) is not Literal:
        return None
    return str(get_args(field.annotation)[0])


def place(location: Location) -> tuple[tuple[type[BaseModel], ...], FieldInfo | None]:
    """Follow a location (union tags may be in it) to the section classes there, and the last field passed.

    Raises nothing: an unknown key ends the walk with the classes of its parent.
    """
    here: tuple[type[BaseModel], ...] = (StackSpec,)
    last: FieldInfo | None = None
    for part in location:
        if isinstance(part, int):
            continue
        tagged = tuple(section for section in here if tag_of(section) == part)
        if tagged and len(here) > 1:
            here = tagged
            continue
        field = next((f for s in here for n, f in s.model_fields.items() if (f.alias or n) == part), None)
        if field is None:
            break
        last, here = field, tuple(sections_in(field.annotation))
    return here, last
