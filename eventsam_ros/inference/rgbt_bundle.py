# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `rgbt_semantic`: what their `bundle.yaml` says, and their one graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .class_bundle import ClassBundle, ClassManifest, Shapes, class_fields, load_checked
from .manifest import read_top

TASK = 'rgbt_semantic'
FILES = ('network', 'text')
"""The graph, and the vectors that the classes were likened to."""


@dataclass(frozen=True, kw_only=True)
class RgbtManifest(ClassManifest):
    """What `bundle.yaml` says beside what all of class maps say.

    Attributes:
        rgb_mean: Grey level (0 to 255) that is subtracted from red, green and blue.
        rgb_std: Grey levels that the rest is divided by.
        thermal_mean: The same for the thermal picture.
        thermal_std: The same for the thermal picture.
        one_camera: Whether it was trained to serve with one of the two pictures missing.
    """

    rgb_mean: tuple[float, ...]
    rgb_std: tuple[float, ...]
    thermal_mean: tuple[float, ...]
    thermal_std: tuple[float, ...]
    one_camera: bool

    def graph_shapes(self) -> tuple[Shapes, Shapes]:
        """Return the inputs and outputs, by name, that the graph must have.

        `present` says which pictures are there, colour first: 1 or 0.
        """
        picture = (1, 3, self.height, self.width)
        return ({'rgb': picture, 'thermal': picture, 'present': (1, 2)},
                {'logits': self.logits_shape})


class RgbtBundle(ClassBundle[RgbtManifest]):
    """A bundle whose manifest and files have been checked."""


def read_rgbt_manifest(path: Path) -> RgbtManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    picture = top.section('input')
    rgb, thermal = picture.section('rgb'), picture.section('thermal')
    return RgbtManifest(
        rgb_mean=rgb.levels('mean'), rgb_std=rgb.levels('std', above_zero=True),
        thermal_mean=thermal.levels('mean'), thermal_std=thermal.levels('std', above_zero=True),
        one_camera=top.flag('one_camera'), **class_fields(top, FILES))


def load_rgbt_bundle(path: Path | str) -> RgbtBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    return RgbtBundle(*load_checked(path, read_rgbt_manifest))
