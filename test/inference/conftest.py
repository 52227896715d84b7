# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles that are not as they should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from miniature import events
import pytest
import yaml

Edit = Callable[[dict[str, object]], object]


@pytest.fixture
def edited_bundle(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a bundle, lets its manifest be edited, gives the folder."""
    def write(edit: Edit | None = None) -> Path:
        folder = events.write(tmp_path / 'edited')
        manifest = yaml.safe_load((folder / 'bundle.yaml').read_text())
        if edit:
            edit(manifest)
        (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest))
        return folder
    return write
