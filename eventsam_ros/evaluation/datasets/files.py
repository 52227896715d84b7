# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What all readers do with files: list them, pair them, read lists and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
import json
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Int64

PICTURES = ('.png', '.jpg', '.jpeg')


def pictures(folder: Path, suffix: str = '', endings: Sequence[str] = PICTURES) -> dict[str, Path]:
    """Return the pictures of a folder by name, in the order of their names.

    Args:
        folder: Where they are.
        suffix: End of the stem that is not part of the name, like '_rgb'; others are left out.
        endings: Which files are pictures.

    Raises:
        DatasetError: No such folder, or two files of one name.
    """
    if not folder.is_dir():
        raise DatasetError(f'folder {folder} is missing')
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in endings and path.stem.endswith(suffix):
            name = path.stem[:len(path.stem) - len(suffix)]
            if name in found:
                raise DatasetError(
                    f'{found[name]} and {path.name} are of the same name, but one was expected')
            found[name] = path
    return found


def counterpart(found: dict[str, Path], name: str, folder: Path, of: Path) -> Path:
    """Return the file of a name.

    Raises:
        DatasetError: There is none.
    """
    if name not in found:
        raise DatasetError(f'{folder} has no file {name} to go with {of}')
    return found[name]


def read_lines(path: Path, encoding: str = 'utf-8') -> list[str]:
    """Return the lines of a text file that are not empty, stripped.

    Raises:
        DatasetError: The file is missing, not text, or empty.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding).splitlines()]
    except FileNotFoundError as error:
        raise DatasetError(f'list {path} is missing') from error
    except (OSError, UnicodeError) as error:
        raise DatasetError(f'{path} cannot be read as text') from error
    lines = [line for line in lines if line]
    if not lines:
        raise DatasetError(f'list {path} is empty')
    return lines


def read_times(path: Path, unit_ns: int = 1000) -> Int64:
    """Return the times of a text file, one whole number a line, in ns; they must not go back.

    Args:
        path: The file.
        unit_ns: What the file counts in; 1000 for µs.

    Raises:
        DatasetError: Missing, a line that is no whole number, or a time before the one above.
    """
    times: list[int] = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            times.append(int(line) * unit_ns)
        except ValueError as error:
            raise DatasetError(
                f'line {number} of {path} must be a time as a whole number, but is '
                f'{line[:40]!r}') from error
        if len(times) > 1 and times[-1] < times[-2]:
            raise DatasetError(f'times in {path} must not go back, but line {number} does')
    if not -2 ** 62 < min(times) <= max(times) < 2 ** 62:
        raise DatasetError(f'times in {path} are beyond what 64 bits of nanoseconds hold')
    return np.array(times, np.int64)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object of a JSON file.

    Raises:
        DatasetError: Missing, no JSON, or no object.
    """
    try:
        content = json.loads(path.read_text('utf-8'))
    except FileNotFoundError as error:
        raise DatasetError(f'file {path} is missing') from error
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path} cannot be read as JSON') from error
    if not isinstance(content, dict):
        raise DatasetError(f'{path} must hold a JSON object')
    return content


def equal_counts(counts: dict[Path, int], what: str) -> None:
    """Check that files which belong together are as many.

    Raises:
        DatasetError: They are not.
    """
    if len(set(counts.values())) > 1:
        listed = ', '.join(f'{path} has {count}' for path, count in counts.items())
        raise DatasetError(f'{what} must be as many, but {listed}')


def folders_below(path: Path, depth: int = 2) -> Iterator[Path]:
    """Return a folder and those below it, in the order of their names.

    Args:
        path: Where to begin.
        depth: How many levels below.
    """
    yield path
    if depth > 0 and path.is_dir():
        for child in sorted(path.iterdir()):
            if child.is_dir() and not child.name.startswith('.'):
                yield from folders_below(child, depth - 1)


def sequence_names(root: Path, folders: Iterable[Path]) -> dict[str, Path]:
    """Name sequences by their folders, and by the way from the root where that is not unique."""
    listed = list(folders)
    names = [folder.name for folder in listed]
    if len(set(names)) == len(names):
        return dict(sorted(zip(names, listed, strict=True)))
    return dict(sorted((folder.relative_to(root).as_posix(), folder) for folder in listed))
