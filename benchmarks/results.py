# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Result files: what was measured, with what, on which machine."""

from __future__ import annotations

from importlib.metadata import distributions
import json
import os
from pathlib import Path
import platform
from typing import Any

_PACKAGES = ('numpy', 'numba', 'opencv-python-headless', 'onnxruntime', 'torch')


def machine() -> dict[str, Any]:
    """Return processor, cores, memory in GiB and the versions of what computes."""
    processor = platform.processor()
    details = Path('/proc/cpuinfo')
    if details.exists():
        names = [line.split(':', 1)[1].strip() for line in details.read_text().splitlines()
                 if line.startswith('model name')]
        processor = names[0] if names else processor
    installed = {d.metadata['Name']: d.version for d in distributions()}
    versions = {'python': platform.python_version()}
    versions |= {name: installed[name] for name in _PACKAGES if name in installed}
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    return {'processor': processor, 'cores': os.cpu_count(), 'memory_gib': round(memory, 1),
            'system': platform.platform(), 'versions': versions}


def write_result(path: Path, name: str, command: str, figures: dict[str, Any]) -> None:
    """Write a result file.

    Args:
        path: JSON file; its folder is made.
        name: What was measured.
        command: Command line that measures it again.
        figures: The figures.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(
        {'name': name, 'command': command, 'machine': machine(), **figures}, indent=2) + '\n')
