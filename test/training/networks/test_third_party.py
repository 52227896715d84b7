# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Every room of training can be imported first, whatever torchvision lacks."""

from __future__ import annotations

import ast
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[3]


def imported(path):
    """Return the top-level names of all that a file imports by its absolute name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition('.')[0])
    return found


def test_none_but_the_networks_import_timm_and_segment_anything():
    rooms = {
        path.parent.relative_to(ROOT).as_posix() for path in (ROOT / 'training').rglob('*.py')
        if imported(path) & {'timm', 'segment_anything', 'torchvision'}}
    assert rooms == {'training/networks'}


def test_a_room_that_needs_them_is_imported_first():
    subprocess.run([sys.executable, '-c', 'import training.thermal.recipe'], cwd=ROOT, check=True,
                   timeout=120)
