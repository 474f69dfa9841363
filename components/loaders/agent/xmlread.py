"""Reading the small XML documents that object stores answer with."""

from xml.parsers import expat

from .errors import UnsupportedError


def leaves(data: bytes, where: str) -> list[tuple[str, str]]:
    """Return path and text of every element at its end, in document order, so children come before their parent.

    Document types are refused: entities are declared there, and no object store sends any.

    Args:
        data: the document.
        where: what to name in the error.

    Raises:
        UnsupportedError: it is not XML, or has a document type.
    """
    path: list[str] = []
    texts: list[list[str]] = []
    found: list[tuple[str, str]] = []

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        texts.append([])

    def end(_name: str) -> None:
        found.append(("/".join(path), "".join(texts.pop())))
        path.pop()

    def text(piece: str) -> None:
        texts[-1].append(piece)

    def doctype(*_parts: object) -> None:
        raise UnsupportedError(f"{where}: XML with a document type is refused")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003  # the C function takes it by position only
    except expat.ExpatError as error:
        raise UnsupportedError(f"{where}: not XML (line {error.lineno})") from None
    return found
