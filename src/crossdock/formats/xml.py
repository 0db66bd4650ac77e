"""XML as partners send it: records as plain trees, one at a time, from bytes that nobody vouches for.

A DOCTYPE is refused, so there are no entities to expand or fetch; depth and size are bounded. A tree is made of dicts, lists and
text: attributes are `@name`, text beside attributes or children is `#text`, an element that repeats is a list. Name spaces are
left out of names, since partners change prefixes as they like.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias
from xml.parsers import expat  # its entities cannot be reached: a DOCTYPE ends the reading

from msgspec import Struct

DEEPEST = 64
"""Elements inside one another."""

Tree: TypeAlias = "str | dict[str, Tree] | list[Tree]"
"""An element's content."""


class BadXml(ValueError):
    """This is no XML that is taken: `line` says where, `reason` why, in a few words."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Element(Struct, frozen=True):
    """One element: the line it begins on, its content, and the bytes it was read from."""

    line: int
    tree: Tree
    raw: bytes


def elements(content: bytes, path: Sequence[str], *, deepest: int = DEEPEST) -> Iterator[Element]:
    """The elements at a path of names from the root on, in their order: `("Orders", "Order")`. Raises BadXml, after those before it.

    Only one element is held as a tree at a time.
    """
    yield from _Reader(_utf8(content), tuple(path), deepest).run()


def outline(content: bytes, *, deepest: int = DEEPEST, most: int = 2_000) -> list[tuple[tuple[str, ...], int]]:
    """The paths of elements that have children, and how often each occurs, in their order; at most so many elements are looked at.

    Raises BadXml.
    """
    counts: dict[tuple[str, ...], int] = {}
    trail: list[str] = []
    seen = 0

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal seen
        if trail:
            counts.setdefault(tuple(trail), 0)
        trail.append(_local(name))
        if len(trail) > deepest:
            raise BadXml(parser.CurrentLineNumber, f"elements are nested more than {deepest} deep")
        seen += 1
        times[tuple(trail)] = times.get(tuple(trail), 0) + 1

    times: dict[tuple[str, ...], int] = {}
    parser = _parser(begin, lambda _: trail.pop() and None, lambda _: None)
    for piece in _pieces(_utf8(content)):
        _feed(parser, piece)
        if seen > most:
            break
    else:
        _feed(parser, b"", is_last=True)
    return [(path, times[path]) for path in counts]


def render(name: str, tree: Tree) -> bytes:
    """A document with one root, UTF-8, two blanks a level. Raises ValueError for characters that XML cannot hold."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(_rendered(name, tree, 0)).encode()


def _rendered(name: str, tree: Tree, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if isinstance(tree, list):
        for one in tree:
            yield from _rendered(name, one, depth)
    elif isinstance(tree, dict):
        attributes = "".join(f' {key[1:]}="{_escaped(str(value))}"' for key, value in tree.items() if key.startswith("@"))
        children = [(key, value) for key, value in tree.items() if not key.startswith(("@", "#"))]
        text = tree.get("#text")
        if not children:
            yield (
                f"{pad}<{name}{attributes}>{_escaped(text)}</{name}>\n"
                if isinstance(text, str)
                else f"{pad}<{name}{attributes}/>\n"
            )
            return
        yield f"{pad}<{name}{attributes}>\n"
        for key, value in children:
            yield from _rendered(key, value, depth + 1)
        yield f"{pad}</{name}>\n"
    else:
        yield f"{pad}<{name}>{_escaped(tree)}</{name}>\n" if tree else f"{pad}<{name}/>\n"


def _escaped(text: str) -> str:
    for character in text:
        if (character < " " and character not in "\t\n\r") or character in "\ufffe\uffff" or "\ud800" <= character <= "\udfff":
            raise ValueError(f"{character!r} cannot stand in XML")
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return safe.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


class _Reader:
    """Walks a document, and builds trees of what lies at the path."""

    def __init__(self, content: bytes, path: tuple[str, ...], deepest: int) -> None:
        self._content = content
        self._path = path
        self._deepest = deepest
        self._trail: list[str] = []
        self._open: list[tuple[dict[str, Tree], list[str]]] = []
        self._begins: tuple[int, int] = (0, 0)
        self._found: list[Element] = []
        self._parser = _parser(self._begin, self._end, self._text)

    def run(self) -> Iterator[Element]:
        for piece in _pieces(self._content):
            fault = self._try(piece)
            yield from self._drain()
            if fault is not None:
                raise fault
        fault = self._try(b"", is_last=True)
        yield from self._drain()
        if fault is not None:
            raise fault

    def _try(self, piece: bytes, *, is_last: bool = False) -> BadXml | None:
        try:
            _feed(self._parser, piece, is_last=is_last)
        except BadXml as fault:
            return fault
        return None

    def _drain(self) -> Iterator[Element]:
        found, self._found = self._found, []
        yield from found

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        self._trail.append(local)
        if len(self._trail) > self._deepest:
            raise BadXml(self._parser.CurrentLineNumber, f"elements are nested more than {self._deepest} deep")
        if not self._open and tuple(self._trail) != self._path:
            return
        if not self._open:
            self._begins = (self._parser.CurrentByteIndex, self._parser.CurrentLineNumber)
        kept = {f"@{_local(key)}": value for key, value in attributes.items() if not key.startswith("xmlns")}
        self._open.append((dict(kept), []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def _end(self, name: str) -> None:
        self._trail.pop()
        if not self._open:
            return
        children, pieces = self._open.pop()
        text = "".join(pieces).strip()
        if children and text:
            children["#text"] = text
        tree: Tree = children or text
        if self._open:
            _put(self._open[-1][0], _local(name), tree)
            return
        start, line = self._begins
        # The event stands at the beginning of the end tag; of an element without one, at its own beginning.
        end = self._content.find(b">", self._parser.CurrentByteIndex) + 1
        self._found.append(Element(line, tree, self._content[start:end]))


def _put(into: dict[str, Tree], name: str, tree: Tree) -> None:
    before = into.get(name)
    if before is None:
        into[name] = tree
    elif isinstance(before, list):
        before.append(tree)
    else:
        into[name] = [before, tree]


def _parser(begin: object, end: object, text: object) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise BadXml(parser.CurrentLineNumber, "it has a DOCTYPE, which is not taken from outside")

    parser.StartElementHandler = begin  # type: ignore[assignment]
    parser.EndElementHandler = end  # type: ignore[assignment]
    parser.CharacterDataHandler = text  # type: ignore[assignment]
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _feed(parser: expat.XMLParserType, piece: bytes, *, is_last: bool = False) -> None:
    try:
        parser.Parse(piece, is_last)
    except expat.ExpatError as error:
        raise BadXml(error.lineno, expat.ErrorString(error.code) or "it cannot be read") from error
    except (LookupError, ValueError) as error:
        if isinstance(error, BadXml):
            raise
        raise BadXml(parser.CurrentLineNumber, "its encoding is not known") from error


def _pieces(content: bytes, size: int = 1 << 16) -> Iterable[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def _utf8(content: bytes) -> bytes:
    """The document in UTF-8 where it was in UTF-16, so that an element's bytes can be cut out of it. Raises BadXml."""
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content
    try:
        text = content.decode("utf-16")
    except UnicodeDecodeError as error:
        raise BadXml(1, "it is not UTF-16, though it begins like it") from error
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    return text.encode()


def _local(name: str) -> str:
    return name.rpartition(":")[2]
