# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every back end offers, and all that the rest of the package knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from eventsam_ros.events.types import Float32

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where any size goes."""


class Engine(Protocol):
    """One loaded graph. Not safe to use from several threads at once.

    Attributes:
        name: Name of the back end, as in `ENGINES`.
        inputs: Shape of every input, by name; all are float32.
        outputs: Shape of every output, by name; all are float32.
    """

    name: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name for one set of inputs.

        Raises:
            EngineError: The back end refused the inputs or failed.
        """
        ...

    def close(self) -> None:
        """Free what the graph holds; `run` raises EngineError from here on."""
        ...
