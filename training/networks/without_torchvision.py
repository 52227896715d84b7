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
    _library = torch.library.Library('torchvision', 'DEF')  # type: ignore[no-untyped-call]
    for _schema in (
        'nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
        'qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    ):
        _library.define(_schema)  # type: ignore[no-untyped-call]
