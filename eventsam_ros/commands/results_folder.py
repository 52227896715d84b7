# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The output folder of an evaluation: what may be deleted in it, and when."""

from __future__ import annotations

import os
from pathlib import Path
import shutil

from eventsam_ros.errors import EventsamError

_FOLDERS = ('sequences', 'pictures', 'overlays')
_FILM = 'overlay.mp4'
_FILES = ('metrics.json', 'frames.csv', 'report.html')
_MARK = '.evaluation'
"""Tells a folder of results from any other: these folders and files in it may be deleted."""


def open_results(folder: Path) -> Path:
    """Return the folder, created; results of an earlier run are still in it.

    Raises:
        EventsamError: It cannot be written, or holds what no run has left there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = [name for name in (*_FOLDERS, *_FILES, _FILM) if (folder / name).exists()]
        if strange and not (folder / _MARK).exists():
            raise EventsamError(
                f'output folder {folder} holds {strange[0]}, which no evaluation has left there '
                f'(it has no file {_MARK}); name another folder')
        (folder / _MARK).touch()
        if not os.access(folder, os.W_OK):
            raise EventsamError(f'output folder {folder} cannot be written')
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def forget_results(folder: Path, resume: bool) -> None:
    """Delete the results of an earlier run, just before the next one begins.

    Args:
        folder: From `open_results`.
        resume: Whether finished sequences stay, and what was drawn of them.

    Raises:
        EventsamError: They cannot be deleted.
    """
    try:
        if not resume:
            for name in _FOLDERS:
                shutil.rmtree(folder / name, ignore_errors=True)
        for name in (*_FILES, *(() if resume else (_FILM,))):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> EventsamError:
    return EventsamError(f'output folder {folder} cannot be written: {error.strerror}')
