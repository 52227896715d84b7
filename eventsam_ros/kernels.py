# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Loops that numba compiles once, and again whenever any of their sources has changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
import logging
from pathlib import Path
import sys
from typing import Any

import numba


def _sources(function: Callable[..., Any]) -> Path:
    """Return the folder of the package that a function belongs to."""
    package = sys.modules[function.__module__.partition('.')[0]]
    assert package.__file__ is not None
    return Path(package.__file__).parent


@cache
def _changed(folder: Path) -> float:
    """Return when a source below a folder was last written or installed, s since the epoch."""
    return max((max(s.st_mtime, s.st_ctime) for s in (
        path.stat() for path in folder.rglob('*.py'))), default=0.0)


def _forget_stale(cache_folder: Path, name: str, since: float) -> None:
    """Remove what numba keeps of a function if it is older than the sources.

    numba looks at the file of a function alone. A function that was compiled with those of
    another file in it would go on with their old versions after an update.

    Args:
        cache_folder: Where numba keeps it.
        name: Of the function, as numba begins the name of its index file.
        since: When the sources changed, s since the epoch.
    """
    # another process may be faster, and the folder one that cannot be written to
    with suppress(OSError):
        for index in cache_folder.glob(f'{name}-*.nbi'):
            if index.stat().st_mtime <= since:
                index.unlink()


@cache
def _tell_unkept(folder: Path) -> None:
    """Say once that every start is the first one, which takes seconds."""
    logging.getLogger('eventsam_ros').warning(
        'compiled kernels cannot be kept beside %s, nor in NUMBA_CACHE_DIR or a home folder, so '
        'every start compiles them anew; set NUMBA_CACHE_DIR to a folder that can be written',
        folder)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function with numba when it is first called: no GIL, kept on disk.

    Where no folder can be written to, it is not kept.

    Args:
        function: What to compile, of a module in a package; without it a decorator is returned.
        options: Further ones of numba.njit.
    """
    if function is None:
        return lambda given: kernel(given, **options)
    try:
        compiled = numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:   # numba finds no folder to keep it in
        _tell_unkept(_sources(function))
        return numba.njit(nogil=True, **options)(function)
    if hasattr(compiled, 'stats'):   # not where NUMBA_DISABLE_JIT is set
        name = f'{Path(function.__code__.co_filename).stem}.{function.__qualname__}'
        _forget_stale(Path(compiled.stats.cache_path), name, _changed(_sources(function)))
    return compiled
