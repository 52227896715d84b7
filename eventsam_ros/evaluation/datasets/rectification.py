# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DSEC's geometry: from distorted to rectified event pixels, and from the frame camera to them.

The rectified view is what the labels are in. A frame comes there by the homography of infinite
depth, P = K_rect0 R_rect0 R_10^T R_rect1^T K_rect1^-1 (rectified frame camera to rectified event
camera; dsec.ifi.uzh.ch and uzh-rpg/dsec-det), so near objects are off by their parallax.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import yaml

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events, Float32, UInt8

from .hdf5 import column, open_hdf5

Matrix = NDArray[np.float64]

_OUTSIDE = np.uint16(65535)


def read_rectify_map(path: Path, width: int, height: int) -> Float32:
    """Return a rectify_map.h5: the rectified (x, y) of pixel [y, x], float32 [height, width, 2].

    Raises:
        DatasetError: Missing, damaged, or of another size.
    """
    with open_hdf5(path) as file:
        data = column(file, 'rectify_map', 'f', (height, width, 2))
        try:
            return np.asarray(data[()], np.float32)
        except OSError as error:
            raise DatasetError(f'{path} is damaged and cannot be unpacked') from error


class Rectification:
    """The map of a sensor's distorted pixels to rectified ones, for events, labels and frames."""

    def __init__(self, rectify_map: Float32, rows: int) -> None:
        """Take a map.

        Args:
            rectify_map: Rectified (x, y) of pixel [y, x], float32 [H, W, 2]; may leave the frame.
            rows: Rows of the rectified view that are used; what falls below is outside.
        """
        self._map = rectify_map
        self._height, self._width = rectify_map.shape[:2]
        self._rows = rows
        # Not a number falls outside too.
        x, y = (np.rint(rectify_map[..., k]) for k in (0, 1))
        inside = (x >= 0) & (x < self._width) & (y >= 0) & (y < rows)
        self._x = np.where(inside, x, _OUTSIDE).astype(np.uint16).reshape(-1)
        self._y = np.where(inside, y, 0).astype(np.uint16).reshape(-1)

    def events(self, events: Events) -> Events:
        """Return the events at the nearest rectified pixels, those that fall outside left out."""
        pixel = events.y.astype(np.int32)
        pixel *= self._width
        pixel += events.x
        x, y = self._x.take(pixel), self._y.take(pixel)
        inside = x != _OUTSIDE
        if inside.all():
            return Events(x, y, events.p, events.t)
        return Events(x[inside], y[inside], events.p[inside], events.t[inside])

    def distorted_labels(self, labels: UInt8, ignore: int) -> UInt8:
        """Return rectified labels in the distorted view, uint8 [H, W]; `ignore` outside of them.

        Args:
            labels: uint8 [rows, W].
            ignore: Value of what no label is known of.
        """
        return np.asarray(cv2.remap(
            labels, self._map[..., 0], self._map[..., 1], cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT, borderValue=ignore), np.uint8)

    def distorted_frame(self, frame: UInt8, homography: Matrix) -> UInt8:
        """Return a frame of the frame camera in the distorted view, uint8 [H, W, 3].

        Args:
            frame: uint8, as the frame camera gave it (rectified).
            homography: Of infinite_homography().
        """
        points = np.concatenate([self._map, np.ones_like(self._map[..., :1])], -1)
        there = points @ np.linalg.inv(homography).T
        there = (there[..., :2] / there[..., 2:]).astype(np.float32)
        return np.asarray(
            cv2.remap(frame, there[..., 0], there[..., 1], cv2.INTER_CUBIC), np.uint8)


def rectified_frame(frame: UInt8, homography: Matrix, width: int, rows: int) -> UInt8:
    """Return a frame of the frame camera in the rectified event view, uint8 [rows, width, 3]."""
    return np.asarray(
        cv2.warpPerspective(frame, homography, (width, rows), flags=cv2.INTER_CUBIC), np.uint8)


def infinite_homography(path: Path) -> Matrix:
    """Return the homography of a cam_to_cam.yaml, float64 [3, 3]; see the head of this file.

    It maps (x, y, 1) of the rectified left frame camera to that of the left event camera.

    Raises:
        DatasetError: Missing, or without one of the matrices.
    """
    try:
        content = yaml.safe_load(path.read_text('utf-8'))
    except FileNotFoundError as error:
        raise DatasetError(f'calibration {path} is missing') from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DatasetError(f'calibration {path} cannot be read as YAML') from error
    inside = [_intrinsics(path, content, name) for name in ('camRect0', 'camRect1')]
    rotation = [_matrix(path, content, name, size)[:3, :3]
                for name, size in (('R_rect0', 3), ('T_10', 4), ('R_rect1', 3))]
    rect0, frame_from_event, rect1 = rotation
    return np.asarray(
        inside[0] @ rect0 @ frame_from_event.T @ rect1.T @ np.linalg.inv(inside[1]), np.float64)


def _intrinsics(path: Path, content: Any, name: str) -> Matrix:
    try:
        fx, fy, cx, cy = (float(v) for v in content['intrinsics'][name]['camera_matrix'])
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f'{path} must have intrinsics/{name}/camera_matrix of fx, fy, cx, cy') from error
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])


def _matrix(path: Path, content: Any, name: str, size: int) -> Matrix:
    try:
        matrix = np.array(content['extrinsics'][name], np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f'{path} must have a matrix extrinsics/{name}') from error
    if matrix.shape != (size, size):
        raise DatasetError(f'extrinsics/{name} in {path} must be {size} x {size}')
    return matrix
