"""What the generated pages take from the source: docstrings of classes, fields and constants, and field types."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from greenroom_protocol import (
    access,
    announcements,
    availability,
    bases,
    commands,
    community,
    connects,
    events,
    fields,
    limits,
    moderation,
    offers,
    personal,
    policies,
    profiles,
    proposals,
    pushes,
    reactions,
    replies,
    safety,
    team,
)

FRAME_MODULES = (
    bases,
    commands,
    events,
    replies,
    pushes,
    profiles,
    connects,
    proposals,
    offers,
    policies,
    reactions,
    team,
    personal,
    community,
    announcements,
    access,
    safety,
    moderation,
    availability,
)

_BASIC = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}
_BOUNDS = ("ge", "le", "min_length", "max_length")


@dataclass(frozen=True, slots=True)
class FieldSource:
    """One annotated name as it stands in the source."""

    name: str
    type: ast.expr | None
    doc: str


@dataclass(frozen=True, slots=True)
class ClassSource:
    """One class as it stands in the source; `doc` is Markdown."""

    name: str
    doc: str
    fields: dict[str, FieldSource]


@cache
def classes(module: ModuleType) -> dict[str, ClassSource]:
    """Give the classes of a module in the order of the file."""
    found = (node for node in _tree(module).body if isinstance(node, ast.ClassDef))
    return {
        node.name: ClassSource(
            node.name, ast.get_docstring(node) or "", {field.name: field for field in _annotated(node.body)}
        )
        for node in found
    }


def class_source(kind: type[Any]) -> ClassSource:
    """Give one frame class; fields of its bases follow its own."""
    source = _own(kind)
    bases = (base for base in kind.__mro__[1:] if base in _struct_classes())
    inherited = {field.name: field for base in bases for field in _own(base).fields.values()}
    return ClassSource(source.name, source.doc, source.fields | inherited)


def constants(module: ModuleType) -> list[FieldSource]:
    """Give the annotated constants of a module in the order of the file."""
    return list(_annotated(_tree(module).body))


def aliases() -> list[FieldSource]:
    """Give the shared field types in the order of the file."""
    body = _tree(fields).body
    return [
        FieldSource(node.targets[0].id, node.value, _doc_after(body, i))
        for i, node in enumerate(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]


def type_text(node: ast.expr | None, link: Any) -> str:
    """Say a type in words that hold for every language.

    Args:
        node: annotation.
        link: gives the Markdown for the name of a shared type or an object.
    """
    match node:
        case ast.Constant(value=None):
            return "null"
        case ast.Name(id=name):
            return _BASIC.get(name) or str(link(name))
        case ast.BinOp(left=left, right=right):
            return f"{type_text(left, link)} or {type_text(right, link)}"
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return f"array of {type_text(item, link)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return f"map of {type_text(key, link)} to {type_text(value, link)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
            options = values.elts if isinstance(values, ast.Tuple) else [values]
            return ", ".join(f"`{ast.literal_eval(option)}`" for option in options)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, ast.Call(keywords=bounds)])):
            return f"{type_text(inner, link)}, {_bounds(inner, bounds)}"
    raise TypeError(f"no words for {ast.dump(node) if node else node}")


def _bounds(inner: ast.expr, keywords: list[ast.keyword]) -> str:
    given = {keyword.arg: _constant(keyword.value) for keyword in keywords if keyword.arg in _BOUNDS}
    is_text = isinstance(inner, ast.Name) and inner.id == "str"
    unit = " characters" if is_text else " items" if "max_length" in given else ""
    low, high = given.get("ge", given.get("min_length")), given.get("le", given.get("max_length"))
    if low is not None and low == high:
        return f"{low:,}{unit}"
    if high == limits.MAX_INTEGER:
        return f"from {low}"
    if low is not None and high is not None:
        return f"{low:,} to {high:,}{unit}"
    return f"at most {high:,}{unit}"


def _constant(node: ast.expr) -> int:
    if isinstance(node, ast.Attribute):
        return int(getattr(limits, node.attr))
    return int(ast.literal_eval(node))


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))


@cache
def _struct_classes() -> dict[type[Any], ClassSource]:
    return {getattr(module, name): source for module in FRAME_MODULES for name, source in classes(module).items()}


def _own(kind: type[Any]) -> ClassSource:
    return _struct_classes()[kind]


def _annotated(body: list[ast.stmt]) -> Iterator[FieldSource]:
    for i, node in enumerate(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield FieldSource(node.target.id, node.annotation, _doc_after(body, i))


def _doc_after(body: list[ast.stmt], i: int) -> str:
    match body[i + 1 : i + 2]:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            return " ".join(text.split())
    return ""
