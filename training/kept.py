# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a folder says of the files in it, so that a rerun never mixes two kinds."""

from __future__ import annotations

from collections.abc import Mapping
import json
import os
from pathlib import Path
from typing import Any

from .errors import RecipeError


def agree(path: Path, now: Mapping[str, Any], begun: bool) -> None:
    """Write down how the files beside a file are made, or check that it is as before.

    Args:
        path: Text file in the folder, which is made where missing.
        now: What the files depend on, as JSON can hold it; not how many there are.
        begun: Whether there are files already; those from before this was written down are
            taken as they are.

    Raises:
        RecipeError: They were made otherwise; the sentence names the first difference.
    """
    if path.exists():
        try:
            was = dict(json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
            raise RecipeError(f'{path} cannot be read: {error}') from error
        for key, value in json.loads(json.dumps(now)).items():
            if was.get(key) != value:
                raise RecipeError(f'{path.parent} was made with another {key} ({was.get(key)}, '
                                  f'not {value}): choose another folder')
    elif not begun:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, json.dumps(now, indent=1))


def kept_for(folder: Path, said: Mapping[str, Any], what: str) -> None:
    """Write settings.json into a folder of a run, or check that it says the same.

    Args:
        folder: Of what is kept from one sitting to the next.
        said: What it depends on, as JSON can hold it.
        what: It is, for the message.

    Raises:
        RecipeError: It was made otherwise, or the file is damaged.
    """
    path = folder / 'settings.json'
    if path.exists():
        try:
            same = json.loads(path.read_text()) == said
        except ValueError as error:
            raise RecipeError(f'{path} cannot be read: {error}') from error
        if not same:
            raise RecipeError(f'{folder} holds {what} made otherwise: remove it, or choose '
                              'another --run')
        return
    put(path, json.dumps(said, indent=1))


def put(path: Path, text: str) -> None:
    """Write a text file that is whole once it is there, whoever else writes the same one."""
    part = path.with_name(f'{path.name}.part{os.getpid()}')
    part.write_text(text)
    part.replace(path)
