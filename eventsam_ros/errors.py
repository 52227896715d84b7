# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the package raises for bad input; each message is one sentence for the user."""

from __future__ import annotations


class EventsamError(Exception):
    """Base of all: something from outside (file, packet, bundle, engine) cannot be used."""


class RecordingError(EventsamError):
    """A recording cannot be read or written."""


class BundleError(EventsamError):
    """A bundle does not check out."""


class DecodeError(EventsamError):
    """A stream of event packets cannot be decoded."""


class EngineError(EventsamError):
    """An inference engine cannot be made or failed."""


class DatasetError(EventsamError):
    """A dataset folder cannot be read as its format says."""


class RigError(EventsamError):
    """A rig of cameras is not described as it must be."""


BIG_ENDIAN = 'big-endian event packets cannot be decoded, only little-endian ones'
