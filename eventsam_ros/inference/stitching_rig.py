# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Calibrated cameras of a vehicle, as ROS describes them, read from one YAML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import yaml

from eventsam_ros.errors import BundleError, RigError

from .bundle import with_home
from .sections import Section

Float64 = NDArray[np.float64]
PLUMB_BOB, RATIONAL, EQUIDISTANT = 'plumb_bob', 'rational_polynomial', 'equidistant'
MODELS = {PLUMB_BOB: (0, 4, 5), RATIONAL: (8,), EQUIDISTANT: (0, 4)}
"""Distortion models of sensor_msgs/CameraInfo, and how many coefficients each may have."""
_WIDEST = 80.0
"""Degrees from the axis that cameras of the two other models look at most."""
_STEPS = 2000


@dataclass(frozen=True)
class Camera:
    """A calibrated camera; sizes in pixels.

    Attributes:
        name: Of its own.
        topic: Of its pictures; empty where nobody named one.
        width: Columns.
        height: Rows.
        model: One of MODELS.
        k: fx, fy, cx, cy; whole numbers are the middles of pixels.
        d: Coefficients of the distortion, as many as the model has.
        rotation: From the camera's optical frame (z ahead, x right, y down) to the vehicle's (x
            ahead, y left, z up), float64 [3, 3].
        reach: Degrees from its axis that it shows; what lies beyond does not count.
    """

    name: str
    topic: str
    width: int
    height: int
    model: str
    k: tuple[float, float, float, float]
    d: tuple[float, ...]
    rotation: Float64
    reach: float = 180.0

    def project(self, ways: Float64) -> tuple[Float64, NDArray[np.bool_]]:
        """Return where directions lie in the picture.

        Args:
            ways: In the vehicle's frame, of length 1, float64 [..., 3].

        Returns:
            Columns and rows float64 [..., 2], and whether the camera shows them at all, wherever
            its picture ends, bool [...].
        """
        own = ways @ self.rotation   # the transposed rotation, from the right
        flat = np.hypot(own[..., 0], own[..., 1])
        angle = np.arctan2(flat, own[..., 2])
        limit = min(np.radians(self.reach), self._limit())
        shown = angle <= limit
        if self.model == EQUIDISTANT:
            bent = self._bent(angle)
            scale = np.where(flat > 1e-12, bent / np.maximum(flat, 1e-12), 1.0)
            x, y = own[..., 0] * scale, own[..., 1] * scale
        else:
            ahead = np.where(shown, own[..., 2], 1.0)
            x, y = self._distorted(own[..., 0] / ahead, own[..., 1] / ahead)
        fx, fy, cx, cy = self.k
        return np.stack([fx * x + cx, fy * y + cy], -1), shown

    def _bent(self, angle: Float64) -> Float64:
        """Return the distance from the axis in the picture, in focal lengths."""
        square, power = angle * angle, np.ones_like(angle)
        total = np.ones_like(angle)
        for each in self.d:
            power = power * square
            total = total + each * power
        return angle * total

    def _distorted(self, x: Float64, y: Float64) -> tuple[Float64, Float64]:
        """Bend as OpenCV does: k1, k2, p1, p2, k3, and for rational k4, k5, k6."""
        _, _, p1, p2, _, _, _, _ = self._eight()
        square = x * x + y * y
        radial = self._radial(square)
        return (x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x),
                y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y)

    def _radial(self, square: Float64) -> Float64:
        k1, k2, _, _, k3, k4, k5, k6 = self._eight()
        return (1 + square * (k1 + square * (k2 + square * k3))) / (
            1 + square * (k4 + square * (k5 + square * k6)))

    def _eight(self) -> tuple[float, ...]:
        return (*self.d, *(0.0,) * (8 - len(self.d)))

    def _limit(self) -> float:
        """Return the angle from the axis, radians, up to which further out is further out."""
        widest = np.pi if self.model == EQUIDISTANT else np.radians(_WIDEST)
        angles = np.linspace(0, widest, _STEPS)
        tangents = np.tan(angles) if self.model != EQUIDISTANT else angles
        bent = (self._bent(angles) if self.model == EQUIDISTANT
                else tangents * self._radial(tangents ** 2))
        back = np.flatnonzero(np.diff(bent) <= 0)
        return float(angles[back[0]]) if len(back) else float(widest)


@dataclass(frozen=True)
class Rig:
    """Cameras whose pictures make a panorama.

    Attributes:
        width: Panorama columns, all around.
        height: Its rows, of 360 / width degrees each; the middle one is the horizon.
        feather: Share of each picture's shorter side over which it fades where others overlap.
        cameras: At least one, of different names.
    """

    width: int
    height: int
    feather: float
    cameras: tuple[Camera, ...]


def read_rig(path: Path | str) -> Rig:
    """Read a rig from a YAML file (see docs/interface.md for one).

    Raises:
        RigError: The file cannot be read, or a value does not fit; one sentence names it.
    """
    file = with_home(path)
    try:
        values = yaml.safe_load(file.read_text('utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise RigError(f'rig {file} cannot be read: {error}') from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:   # such as 2026-02-30
        raise RigError(f'rig {file} is not valid YAML: {" ".join(str(error).split())}') from error
    try:
        return _rig(values, file)
    except BundleError as error:   # what sections raise
        raise RigError(str(error)) from error


def _rig(values: object, file: Path) -> Rig:
    top = Section(values, file)
    width, height = top.whole('width'), top.whole('height')
    if 2 * height > width:
        raise top.error('height must be at most half the width', height)
    feather = top.positive('feather')
    if feather > 0.5:
        raise top.error('feather must be above 0 and at most 0.5', feather)
    listed = top.get('cameras')
    if not isinstance(listed, list) or not listed:
        raise top.error('cameras must be a list of at least one', listed)
    cameras = tuple(_camera(Section(each, file, f'cameras[{k}]'))
                    for k, each in enumerate(listed))
    names = [camera.name for camera in cameras]
    if len(set(names)) != len(names):
        raise top.error('cameras must have different names', names)
    return Rig(width, height, feather, cameras)


def _camera(own: Section) -> Camera:
    model = own.text('distortion_model', tuple(MODELS))
    k = own.numbers('k', (9,))
    if min(k[0], k[4]) <= 0:
        raise own.error('k must have focal lengths above 0', list(k))
    if (k[1], k[3], *k[6:]) != (0, 0, 0, 0, 1):   # skewed, column by column, another matrix
        raise own.error('k must be fx, 0, cx, 0, fy, cy, 0, 0, 1 row by row', list(k))
    reach = own.positive('reach') if own.has('reach') else 180.0
    topic = own.text('topic') if own.has('topic') else ''
    return Camera(
        own.text('name'), topic, own.whole('width'), own.whole('height'), model,
        (k[0], k[4], k[2], k[5]), own.numbers('d', MODELS[model]), _rotation(own), reach)


def _rotation(own: Section) -> Float64:
    """Return the matrix of a quaternion x, y, z, w, or of nine numbers row by row."""
    given = own.numbers('rotation', (4, 9))
    if len(given) == 9:
        matrix = np.asarray(given).reshape(3, 3)
        if np.abs(matrix @ matrix.T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix) < 0:
            raise own.error('rotation must be a rotation', list(given))
        return matrix
    size = float(np.linalg.norm(given))
    if abs(size - 1) > 1e-2:
        raise own.error('rotation must be a quaternion x, y, z, w of length 1', list(given))
    x, y, z, w = (v / size for v in given)
    return np.asarray([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])
