# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Names of arms, each of which has a folder."""

from __future__ import annotations

from collections.abc import Iterable
import re

from ..errors import RecipeError


def folder_name(name: str) -> str:
    """Return a name as that of a folder."""
    return re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')


def check_names(names: Iterable[str], where: str, what: str = 'arm') -> None:
    """Check that every name stands once and has a folder of its own.

    Args:
        names: Of a study.
        where: Begins the message.
        what: Has the names.

    Raises:
        RecipeError: With the name that does not.
    """
    taken: dict[str, str] = {}
    for name in names:
        folder = folder_name(name)
        if not folder or folder in taken:
            other = f', and {taken[folder]!r} has that folder already' if folder else ''
            raise RecipeError(f'{where}: every {what} needs a name of its own in letters and '
                              f'digits, but one is {name!r}{other}')
        taken[folder] = name
