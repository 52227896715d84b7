# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Writes the parts of docs/datasets.md that follow from the code.

`python -m eventsam_ros.evaluation.datasets.documentation` in the repository; a test compares.
"""

from __future__ import annotations

from pathlib import Path
import sys

from .dataset import DatasetFormat
from .registry import FORMATS, option_defaults

DATASETS = Path('docs/datasets.md')
_BEGIN, _END = '<!-- begin formats -->\n', '\n<!-- end formats -->'


def documented(text: str) -> str:
    """Return docs/datasets.md with the part that the code makes.

    Args:
        text: The file as it is.

    Raises:
        ValueError: The place of that part is not marked exactly once.
    """
    before, *rest = text.split(_BEGIN)
    if len(rest) != 1 or rest[0].count(_END) != 1:
        raise ValueError(f'{DATASETS} must have one place for the formats')
    formats = '\n\n'.join(map(_format, FORMATS))
    return f'{before}{_BEGIN}{_overview()}\n\n{formats}{_END}{rest[0].split(_END)[1]}'


def _overview() -> str:
    rows = ['| format | what it is | layout after |', '|---|---|---|']
    rows += [f'| [`{f.name}`](#{f.name}) | {f.summary} | {f.source} |' for f in FORMATS]
    return '\n'.join(rows)


def _format(known: DatasetFormat) -> str:
    lines = [f'### {known.name}', '', known.summary + '.', '', '```', known.layout, '```', '']
    lines += ['| option | default | meaning |', '|---|---|---|']
    defaults = option_defaults(known)
    for name, meaning in known.options.items():
        value = defaults[name]
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        text = meaning.replace('<', '&lt;')
        lines.append(f'| `{name}` | {f"`{shown}`" if shown else "empty"} | {text} |')
    return '\n'.join(lines)


def main() -> int:
    """Write the file; return the exit code."""
    DATASETS.write_text(documented(DATASETS.read_text('utf-8')), 'utf-8')
    print(f'{DATASETS} is written')
    return 0


if __name__ == '__main__':
    sys.exit(main())
