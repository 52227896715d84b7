# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Let timm and segment_anything import where torchvision's compiled operators are missing.

PyPI's torchvision registers shape functions for operators that its CPU-only installation does not
bring, and its import fails on the first. Declaring their schemas is enough: nothing here calls
them. This is the only place that does so.
"""

import torch

_library = None

try:
    import torchvision  # noqa: F401
except RuntimeError:
    _library = torch.library.Library('torchvision', 'DEF')
    _library.define('nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
    _library.define(
        'qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
