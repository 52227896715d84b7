# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of any task, opened by what they say they are for."""

from __future__ import annotations

from pathlib import Path

import yaml

from eventsam_ros.errors import BundleError

from . import rgbt_bundle, semantic_bundle
from .bundle import Bundle, load_bundle, manifest_path
from .manifest import TASKS
from .rgbt_bundle import RgbtBundle, load_rgbt_bundle
from .semantic_bundle import SemanticBundle, load_semantic_bundle


def task_of(path: Path | str) -> str:
    """Return the task that a bundle names; empty where its manifest says none.

    Raises:
        BundleError: There is no bundle, or its manifest cannot be read.
    """
    file = manifest_path(path)
    try:
        values = yaml.safe_load(file.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BundleError(f'{file} cannot be read: {" ".join(str(error).split())}') from error
    return str(values.get('task', '')) if isinstance(values, dict) else ''


def load_any(path: Path | str | None = None) -> Bundle | SemanticBundle | RgbtBundle:
    """Read a bundle of any task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`; None is the default bundle.

    Raises:
        BundleError: Something is missing, altered, or made for another release; the sentence
            says what, and what to do.
    """
    task = '' if path is None else task_of(path)
    if path is not None and task == semantic_bundle.TASK:
        return load_semantic_bundle(path)
    if path is not None and task == rgbt_bundle.TASK:
        return load_rgbt_bundle(path)
    if task and task not in TASKS:
        raise BundleError(f'{path} is for the task {task}, but this release knows '
                          f'{", ".join(TASKS)}')
    return load_bundle(path)
