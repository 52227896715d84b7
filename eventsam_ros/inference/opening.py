# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of any task, opened by what they say they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from eventsam_ros.errors import BundleError

from . import panoramic_bundle, referring_bundle, rgbt_bundle, semantic_bundle
from .bundle import Bundle, load_bundle, manifest_path
from .manifest import TASKS
from .panoramic_bundle import PanoramicBundle, load_panoramic_bundle
from .referring_bundle import ReferringBundle, load_referring_bundle
from .rgbt_bundle import RgbtBundle, load_rgbt_bundle
from .semantic_bundle import SemanticBundle, load_semantic_bundle

AnyBundle = Bundle | SemanticBundle | RgbtBundle | PanoramicBundle | ReferringBundle
_LOADERS: Mapping[str, Callable[[Path | str], AnyBundle]] = {
    semantic_bundle.TASK: load_semantic_bundle, rgbt_bundle.TASK: load_rgbt_bundle,
    panoramic_bundle.TASK: load_panoramic_bundle,
    referring_bundle.TASK: load_referring_bundle}
"""How bundles of each task are read; all others are of masks."""


def task_of(path: Path | str) -> str:
    """Return the task that a bundle names; empty where its manifest says none.

    Raises:
        BundleError: There is no bundle, or its manifest cannot be read.
    """
    file = manifest_path(path)
    try:
        values = yaml.safe_load(file.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise BundleError(f'{file} cannot be read: {" ".join(str(error).split())}') from error
    return str(values.get('task', '')) if isinstance(values, dict) else ''


def load_any(path: Path | str | None = None) -> AnyBundle:
    """Read a bundle of any task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`; None is the default bundle.

    Raises:
        BundleError: Something is missing, altered, or made for another release; the sentence
            says what, and what to do.
    """
    if path is None:
        return load_bundle()
    task = task_of(path)
    if task and task not in TASKS:
        raise BundleError(f'{path} is for the task {task}, but this release knows '
                          f'{", ".join(TASKS)}')
    return _LOADERS.get(task, load_bundle)(path)
