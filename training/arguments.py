# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Numbers on the command line, checked before any work begins."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number that is not smaller, as `type` of an argument."""
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f'must be a whole number of at least {least}, but is {text!r}')
        return value
    return read
