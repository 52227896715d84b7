# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences to vectors: ours, and those of transformers that lie in a folder."""
