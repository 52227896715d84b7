# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Values of a YAML file by their type, every mistake named with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import sys
from typing import TypeGuard

from eventsam_ros.errors import BundleError
from eventsam_ros.events.sum_words import BINS


class Section:
    """A mapping of the file that knows where it stands, for messages."""

    def __init__(self, values: object, source: Path, name: str = '') -> None:
        """Take the values found under a name of a file.

        Raises:
            BundleError: They are no mapping; so do all methods where a value does not fit.
        """
        self._prefix = f'{name}.' if name else ''
        self._source = source
        if not isinstance(values, dict):
            what = f'{name} must be a mapping' if name else 'it must be a mapping of keys'
            raise self.error(what, values)
        self._values = values

    def error(self, rule: str, value: object) -> BundleError:
        """Return the error that a value breaks a rule."""
        return BundleError(f'{self._source}: {rule}, but got {value!r}')

    def has(self, key: str) -> bool:
        """Tell whether there is a value."""
        return key in self._values

    def get(self, key: str) -> object:
        """Return any value."""
        if key not in self._values:
            raise BundleError(f'{self._source}: {self._prefix}{key} is missing')
        return self._values[key]

    def section(self, key: str) -> Section:
        """Return a mapping as a section of its own."""
        return Section(self.get(key), self._source, f'{self._prefix}{key}')

    def mapping(self, key: str, optional: bool = False) -> Mapping[str, object]:
        """Return a mapping as it is; an optional one that is not there is empty."""
        value = self._values.get(key, {}) if optional else self.get(key)
        if not isinstance(value, dict):
            raise self.error(f'{self._prefix}{key} must be a mapping', value)
        return value

    def text(self, key: str, choices: tuple[str, ...] = (), default: str | None = None) -> str:
        """Return a text that is not empty, one of the choices where there are any."""
        value = self.get(key) if default is None else self._values.get(key, default)
        if choices and value not in choices:
            raise self.error(f'{self._prefix}{key} must be one of {", ".join(choices)}', value)
        if not isinstance(value, str) or not value:
            raise self.error(f'{self._prefix}{key} must be a text', value)
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.get(key)
        if not isinstance(value, bool):
            raise self.error(f'{self._prefix}{key} must be true or false', value)
        return value

    def whole(self, key: str) -> int:
        """Return a whole number of at least 1."""
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.error(f'{self._prefix}{key} must be a whole number of at least 1', value)
        return value

    def positive(self, key: str) -> float:
        """Return a number above 0."""
        value = self.get(key)
        if not _is_number(value) or value <= 0:
            raise self.error(f'{self._prefix}{key} must be a number above 0', value)
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.get(key)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.error(f'{self._prefix}{key} must be a list of texts', value)
        return tuple(value)

    def numbers(self, key: str, counts: tuple[int, ...] = ()) -> tuple[float, ...]:
        """Return a list of numbers; where counts are given it has one of these lengths."""
        value = self.get(key)
        many = ' or '.join(map(str, counts)) + ' ' if counts else ''
        if isinstance(value, list) and (not counts or len(value) in counts):
            numbers = [float(v) for v in value if _is_number(v)]
            if len(numbers) == len(value):
                return tuple(numbers)
        raise self.error(f'{self._prefix}{key} must be a list of {many}numbers', value)

    def levels(self, key: str, above_zero: bool = False) -> tuple[float, ...]:
        """Return a number for each of the three channels of an event picture."""
        value = self.get(key)
        rule = 'numbers above 0' if above_zero else 'numbers'
        if isinstance(value, list) and len(value) == BINS:
            levels = [float(v) for v in value if _is_number(v) and (v > 0 or not above_zero)]
            if len(levels) == BINS:
                return tuple(levels)
        raise self.error(f'{self._prefix}{key} must be a list of {BINS} {rule}', value)


def _is_number(value: object) -> TypeGuard[float]:
    # compared, since whole numbers may be too long for a float
    return isinstance(value, int | float) and not isinstance(value, bool) and (
        abs(value) <= sys.float_info.max)
