# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What other rooms use of timm and segment_anything, neither of which may be imported first."""

from segment_anything import SamAutomaticMaskGenerator, sam_model_registry
from segment_anything.modeling import TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.mask_decoder import MLP
from segment_anything.modeling.prompt_encoder import PositionEmbeddingRandom
from segment_anything.modeling.transformer import Attention
import timm
from timm.models.tiny_vit import TinyVit

__all__ = [
    'MLP', 'Attention', 'LayerNorm2d', 'PositionEmbeddingRandom', 'SamAutomaticMaskGenerator',
    'TinyVit', 'TwoWayTransformer', 'sam_model_registry', 'timm',
]
