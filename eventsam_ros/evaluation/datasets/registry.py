# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All formats that can be read, and which of them a folder is of."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from eventsam_ros.errors import DatasetError

from .camvid import CAMVID
from .dataset import Dataset, DatasetFormat
from .davis import DAVIS
from .ddd17 import DDD17
from .dsec import DSEC, DSEC_SEMANTIC
from .eventsam import EVENTSAM
from .evsegnet import EVSEGNET
from .mvsec import MVSEC
from .panoramas import DENSEPASS, WILDPASS
from .recording import RECORDING
from .refcoco import REFCOCO
from .referring import REF_DAVIS17, REF_YOUTUBE_VOS
from .stanford import STANFORD
from .thermal import FMB, MFNET, PST900

FORMATS: tuple[DatasetFormat, ...] = (
    RECORDING, *EVENTSAM, DSEC_SEMANTIC, DSEC, DDD17, EVSEGNET, MVSEC, MFNET, PST900, FMB,
    DENSEPASS, WILDPASS, STANFORD, REF_YOUTUBE_VOS, REF_DAVIS17, REFCOCO, DAVIS, CAMVID)
"""Every layout on disk that open_dataset() reads."""

_SWITCH = {'true': True, 'yes': True, '1': True, 'false': False, 'no': False, '0': False}


def find_format(name: str) -> DatasetFormat:
    """Return a format by its name.

    Raises:
        DatasetError: There is none.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise DatasetError(
        f'format must be one of {", ".join(f.name for f in FORMATS)}, but got {name!r}')


def recognised(path: Path | str) -> tuple[DatasetFormat, ...]:
    """Return the formats that a folder or file looks like."""
    return tuple(f for f in FORMATS if _recognises(f, Path(path)))


def open_dataset(path: Path | str, format: str | None = None, **options: Any) -> Dataset:  # noqa: A002
    """Open a dataset.

    Args:
        path: Its folder, or a recording.
        format: Name of one of FORMATS; None goes by what the folder looks like.
        options: Of the format, see DatasetFormat.options; text is read as what the option is.

    Raises:
        DatasetError: Missing, of no or of several formats, an unknown option or value, or not
            laid out as the format says.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(f'dataset {path} does not exist')
    chosen = _recognise(path) if format is None else find_format(format)
    given = {name: _value(chosen, name, value) for name, value in options.items()}
    try:
        return chosen.open(path, **given)
    except ValueError as error:
        raise DatasetError(f'{chosen.name}: {error}') from error
    except OSError as error:
        raise DatasetError(
            f'{error.filename or path} cannot be read: {error.strerror or error}') from error


def describe_formats() -> str:
    """Return what is understood and what a folder must look like, as text for a terminal."""
    parts = []
    for known in FORMATS:
        lines = [f'{known.name}: {known.summary}', *_indented(known.layout)]
        defaults = option_defaults(known)
        for name, meaning in known.options.items():
            lines += _indented(f'{name}={_shown(defaults[name])}: {meaning}')
        lines += _indented(f'layout after {known.source}')
        parts.append('\n'.join(lines))
    return '\n\n'.join(parts) + '\n'


def option_defaults(known: DatasetFormat) -> dict[str, Any]:
    """Return the options of a format with their defaults, whose types are those of the values."""
    parameters = inspect.signature(known.open).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def _recognise(path: Path) -> DatasetFormat:
    found = recognised(path)
    if len(found) == 1:
        return found[0]
    if not found:
        raise DatasetError(
            f'{path} looks like none of the known datasets; what was looked for: '
            + '; '.join(f'{f.name} ({f.layout.splitlines()[0].split("  ")[0]})' for f in FORMATS))
    raise DatasetError(
        f'{path} looks like {" and ".join(f.name for f in found)}; say which with the format')


def _recognises(known: DatasetFormat, path: Path) -> bool:
    try:
        return known.recognise(path)
    except (OSError, DatasetError):
        return False


def _value(known: DatasetFormat, name: str, value: Any) -> Any:
    defaults = option_defaults(known)
    if name not in defaults:
        raise DatasetError(
            f'{known.name} has no option {name!r}, only {", ".join(defaults) or "none"}')
    kind = type(defaults[name])
    if isinstance(value, str) and kind is not str:
        try:
            return _SWITCH[value.lower()] if kind is bool else kind(value)
        except (KeyError, ValueError) as error:
            wanted = 'true or false' if kind is bool else 'a number'
            raise DatasetError(
                f'option {name} of {known.name} must be {wanted}, but got {value!r}') from error
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise DatasetError(
            f'option {name} of {known.name} must be {kind.__name__}, but got {value!r}')
    return value


def _indented(text: str) -> list[str]:
    return [f'    {line}' for line in text.splitlines()]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
