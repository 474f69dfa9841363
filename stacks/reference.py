"""Writes docs/config.md from the spec: `python -m stacks.reference`. A test holds the page up to date."""

from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stacks.schema import keys_of, sections_in, tag_of
from stacks.spec.stack import StackSpec

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "config.md"
_HEAD: Final = """# Every config key
Written by `python -m stacks.reference` from `stacks/spec/`; do not edit by hand. Keys are camelCase. Left out means the
default. Whatever is not listed here is refused, with the closest known key named.

Secrets are flat keys of the stack (`pulumi config set --secret slipway:registryPassword`); a section names the key.
"""


def render() -> str:
    """Return the whole page."""
    parts = [_HEAD]
    for name, field in StackSpec.model_fields.items():
        parts.append(f"\n## slipway:{field.alias or name}\n{_sentence(field.description or '')}\n")
        sections = tuple(sections_in(field.annotation))
        for section in sections:
            parts += _tables(section, 3 if len(sections) > 1 else 2)
    return "".join(parts)


def _tables(section: type[BaseModel], level: int) -> Iterator[str]:
    """Yield one section's table, then those of the sections inside it."""
    title = f"\n{'#' * level} type: {tag_of(section)}\n" if tag_of(section) else "\n"
    yield f"{title}{_sentence((section.__doc__ or '').splitlines()[0])}\n\n"
    keys = list(zip(keys_of(section), section.model_fields.values(), strict=True))
    if any(key != "type" for key, _ in keys):
        yield "| key | kind | default | meaning |\n|---|---|---|---|\n"
    for key, field in keys:
        if key != "type":
            yield f"| `{key}` | {_kind(field.annotation)} | {_default(field)} | {field.description or ''} |\n"
    for key, field in keys:
        for inner in sections_in(field.annotation):
            yield f"\n#### {key}\n"
            yield from _tables(inner, 5)


def _kind(annotation: Any) -> str:  # noqa: ANN401 - annotations have no common type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin in (Annotated, Union, UnionType):
        arguments = arguments[:1] if origin is Annotated else arguments
        return " or ".join(dict.fromkeys(_kind(argument) for argument in arguments if argument is not NoneType))
    if origin in (tuple, dict):
        return "map of text" if origin is dict else f"list of {_kind(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return {int: "integer", float: "number", str: "text", bool: "true or false"}[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    if value == ():
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"  # pyright: ignore[reportUnknownArgumentType] - a tuple of words
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


if __name__ == "__main__":
    PAGE.write_text(render())
