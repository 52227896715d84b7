# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Values from YAML against the types and ranges that the fields of a dataclass declare."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, field, fields, is_dataclass
import difflib
import math
from pathlib import Path
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from .errors import RecipeError

T = TypeVar('T')


def ranged(least: float, most: float = math.inf, default: Any = MISSING) -> Any:
    """Declare a field whose number, or each of whose numbers, lies in least to most."""
    return field(default=default, metadata={'range': (least, most)})


def nearest(key: object, known: Sequence[str]) -> str:
    """Return the known word that is most like a key."""
    return difflib.get_close_matches(str(key), known, 1, 0.0)[0]


def _name(kind: Any) -> str:
    plain = {int: 'a whole number', float: 'a number', bool: 'true or false', str: 'a text',
             Path: 'a path'}
    if get_origin(kind) is tuple:
        first, *others = get_args(kind)
        count = 'a list' if others == [...] else f'a list of {1 + len(others)}'
        return f'{count}, each {_name(first)}'
    return plain.get(kind, 'a mapping')


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is float and isinstance(value, str):
        # YAML 1.1 reads 2e-4 as a text, for want of a point
        with suppress(ValueError):
            value = float(value)
    fits = {
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, int | float) and not isinstance(value, bool),
        bool: isinstance(value, bool), str: isinstance(value, str),
        Path: isinstance(value, str | Path) and bool(str(value))}
    if not fits[kind]:
        raise RecipeError(f'{where} must be {_name(kind)}, but is {value!r}')
    return value if kind is bool else kind(value)


def _value(kind: Any, value: Any, where: str) -> Any:
    """Return a value as its field's type."""
    origin, options = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        if value is None:
            return None
        return _value(next(k for k in options if k is not type(None)), value, where)
    if origin is Literal:
        if value not in options:
            raise RecipeError(
                f'{where} must be one of {", ".join(options)}, but is {value!r}; '
                f'did you mean {nearest(value, options)!r}?')
        return value
    if origin is tuple:
        many = options[-1] is ...
        if not isinstance(value, list | tuple) or (not many and len(value) != len(options)):
            raise RecipeError(f'{where} must be {_name(kind)}, but is {value!r}')
        return tuple(_value(options[0], v, f'{where}, entry {k}')
                     for k, v in enumerate(value, 1))
    if origin is dict:
        if not isinstance(value, dict):
            raise RecipeError(f'{where} must be a mapping, but is {value!r}')
        return {_scalar(options[0], k, f'{where}, key {k!r}'):
                _value(options[1], v, f'{where}, {k}') for k, v in value.items()}
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return build(kind, value, where)
    return _scalar(kind, value, where)


def _check_range(declared: Field[Any], value: Any, where: str) -> None:
    least, most = declared.metadata.get('range', (-math.inf, math.inf))
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and not least <= number <= most:
            bound = f'at least {least:g}' if most == math.inf else f'{least:g} to {most:g}'
            raise RecipeError(f'{where} must be {bound}, but is {number:g}')


def build(kind: type[T], values: Any, where: str) -> T:
    """Make a dataclass from a mapping.

    Args:
        kind: Dataclass whose fields are numbers, texts, paths, choices (Literal), dataclasses,
            tuples or mappings of these, or None; `ranged` gives their bounds.
        values: What stands in the file.
        where: Begins every message: the file, and the key within it.

    Raises:
        RecipeError: The mapping has an unknown key (the message names the nearest right one),
            lacks a key, or has a value of another type or out of range.
    """
    if not isinstance(values, dict):
        raise RecipeError(f'{where} must be a mapping, but is {values!r}')
    declared = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in declared:
            raise RecipeError(f'{where} has an unknown key {key!r}; '
                              f'did you mean {nearest(key, list(declared))!r}?')
    hints = get_type_hints(kind)
    found = {}
    for name, one in declared.items():
        if name in values:
            found[name] = _value(hints[name], values[name], f'{where}: {name}')
            _check_range(one, found[name], f'{where}: {name}')
        elif one.default is MISSING and one.default_factory is MISSING:
            raise RecipeError(f'{where} lacks the key {name!r}')
    return kind(**found)


def read_values(path: Path) -> Any:
    """Return what stands in a recipe file.

    Raises:
        RecipeError: It cannot be read.
    """
    try:
        return yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f'{path} cannot be read: {error}') from error
