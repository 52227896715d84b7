# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How well masks and class maps agree with ground truth; pure functions on numpy."""

from .best_match import PROTOCOLS, BestMatch, best_match, colour_segments
from .overlap import Labels, best_match_iou, iou, pairwise_iou
from .recall import average_recall
from .resampling import Interval, paired_difference
from .semantic import SemanticScores, confusion_matrix, semantic_scores
from .video import boundary_f, region_j

__all__ = [
    'PROTOCOLS', 'BestMatch', 'Interval', 'Labels', 'SemanticScores', 'average_recall',
    'best_match',
    'best_match_iou', 'boundary_f', 'colour_segments', 'confusion_matrix', 'iou',
    'paired_difference', 'pairwise_iou', 'region_j', 'semantic_scores',
]
