# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a comparison of compiled engines found, kept beside them so that it runs once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import json
import math
import os
from pathlib import Path

from .engine_key import EngineKey


def _path(folder: Path, keys: tuple[EngineKey, ...], reference: str) -> Path:
    named = ''.join(c if c.isalnum() else '_' for c in reference)
    return folder / f'{"_".join(key.digest for key in keys)}_{named}.json'


def read_verdict(
    folder: Path, keys: tuple[EngineKey, ...], reference: str, names: tuple[str, ...],
) -> Mapping[str, float] | None:
    """Return the figures that were found, or None where nobody compared.

    Args:
        folder: Of the engines.
        keys: Of the engines, in the order of the bundle's graphs.
        reference: What they were compared with, and by which method.
        names: Of the figures.
    """
    try:
        found = json.loads(_path(folder, keys, reference).read_text('utf-8'))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and found.keys() == set(names) and all(
        isinstance(value, float) and math.isfinite(value) for value in found.values())
    return found if whole else None


def write_verdict(
    folder: Path, keys: tuple[EngineKey, ...], reference: str,
    figures: Mapping[str, float],
) -> None:
    """Keep figures; where the folder is read-only they are found anew at every start."""
    path = _path(folder, keys, reference)
    part = path.with_name(f'.{path.name}.{os.getpid()}.part')
    with suppress(OSError):
        part.write_text(json.dumps(dict(figures)), 'utf-8')
        part.replace(path)
