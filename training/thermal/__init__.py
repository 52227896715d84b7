# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SARTM: classes from colour and thermal pictures, where either camera may fail.

Xing et al., "Segment Any RGB-Thermal Model with Language-aided Distillation", arXiv 2505.01950.
What is built here is what the paper's figure shows; the published code feeds the fusion with one
modality only. Where neither says, the choice is a key of the recipe.
"""
