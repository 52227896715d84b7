# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the training module raises where a user can mend it."""


class RecipeError(ValueError):
    """A recipe, or what it names, cannot be used; the message is one sentence that says why."""
