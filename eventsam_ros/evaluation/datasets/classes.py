# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Classes of a dataset: names, colours and what does not count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassTable:
    """Class k has names[k] and colours[k].

    Attributes:
        names: One for each class.
        colours: RGB, 0 to 255, one for each class.
        ignore: Label value that does not count.
        background: Class that is "nothing of these", or None; whether it counts is the
            protocol's choice.
    """

    names: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    ignore: int = 255
    background: int | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit.

        Raises:
            ValueError: Different numbers of names and colours, or names that repeat.
        """
        if len(self.names) != len(self.colours):
            raise ValueError(
                f'{len(self.names)} classes need as many colours, but got {len(self.colours)}')
        if len(set(self.names)) != len(self.names):
            raise ValueError(f'class names must differ, but got {", ".join(self.names)}')

    def __len__(self) -> int:
        """Return the number of classes."""
        return len(self.names)
