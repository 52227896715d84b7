# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Files that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path

from eventsam_ros.errors import EventsamError


def unfinished(path: Path) -> Path:
    """Return the name of a file while it is written; it keeps the ending."""
    return path.with_name(f'.unfinished.{path.name}')


def usable(folder: Path) -> None:
    """Make a folder where it is missing.

    Raises:
        EventsamError: It cannot be made, or not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EventsamError(f'{folder} cannot be written: {error.strerror or error}') from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EventsamError(f'{folder} cannot be written')


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a file its name when it has been written, and remove what did not get so far.

    Args:
        path: The name in the end.

    Yields:
        The name to write to, in the same folder.

    Raises:
        EventsamError: The disk is full, or the folder cannot be written.
    """
    part = unfinished(path)
    try:
        yield part
        finish(path)
    except OSError as error:
        raise EventsamError(f'{path} cannot be written: {error.strerror or error}') from error
    finally:
        part.unlink(missing_ok=True)


def finish(path: Path) -> None:
    """Give a file that was written under its unfinished name its own.

    Raises:
        OSError: Not all of it reached the disk.
    """
    part = unfinished(path)
    with part.open('rb') as file:
        os.fsync(file.fileno())
    part.replace(path)
