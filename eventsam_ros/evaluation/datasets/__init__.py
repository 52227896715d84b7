# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Public datasets as they lie on disk: one file per format, all of them read as a stream."""

from .classes import ClassTable
from .dataset import Dataset, DatasetFormat, Expression, Kind, Sample, Sequence

__all__ = ['ClassTable', 'Dataset', 'DatasetFormat', 'Expression', 'Kind', 'Sample', 'Sequence']
