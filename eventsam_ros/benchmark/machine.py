# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The machine that was measured: what it is, how it is set, and what is installed on it.

Nothing here names its owner: no host name, no user, no path.
"""

from __future__ import annotations

from importlib.metadata import distributions
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
from typing import Any

import eventsam_ros

_PACKAGES = re.compile(
    r'numpy|numba|opencv.*|onnxruntime.*|openvino|tensorrt.*|cuda-(python|bindings)',
    re.IGNORECASE)
_COMMAND_S = 10.0


def describe() -> dict[str, Any]:
    """Return processor, memory, GPUs and settings; '' or [] where the system does not say."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    return {
        'processor': _processor(), 'architecture': platform.machine(),
        'cores': os.cpu_count() or 1, 'cores_allowed': len(os.sched_getaffinity(0)),
        'memory_gib': round(memory, 1), 'system': platform.platform(),
        'board': _read('/proc/device-tree/model'), 'l4t': _read('/etc/nv_tegra_release'),
        'gpus': _lines('nvidia-smi', '--query-gpu=name,driver_version,memory.total',
                       '--format=csv,noheader'),
        'power_mode': ', '.join(_lines('nvpmodel', '-q')),
        'governor': _read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
        'load': round(os.getloadavg()[0], 2)}


def versions() -> dict[str, str]:
    """Return the version of the package, of Python and of what computes, by name."""
    found = {'eventsam_ros': eventsam_ros.__version__, 'commit': _commit(),
             'python': platform.python_version()}
    for each in distributions():
        name = each.metadata['Name']
        if name and _PACKAGES.fullmatch(name):
            found[name.lower()] = each.version
    if os.environ.get('ROS_DISTRO'):
        found['ros'] = os.environ['ROS_DISTRO']
    return dict(sorted(found.items()))


def _processor() -> str:
    for line in _read('/proc/cpuinfo').splitlines():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def _read(path: str) -> str:
    try:
        return Path(path).read_text('utf-8', 'replace').strip('\0\n ')
    except OSError:
        return ''


def _lines(*command: str) -> list[str]:
    """Return what a command prints; nothing where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return []
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=_COMMAND_S)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _commit() -> str:
    """Return the commit of a checkout, -dirty where it was changed; '' for an installation."""
    folder = str(Path(eventsam_ros.__file__).resolve().parents[1])
    if not (Path(folder) / '.git').exists():
        return ''
    found = _lines('git', '-C', folder, 'describe', '--always', '--dirty')
    return found[0] if found else ''
