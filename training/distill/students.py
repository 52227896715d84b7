# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Build the networks of a recipe, and read those of a finished run."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import RecipeError
from ..networks.promptable import PromptDecoder
from ..networks.sam_vit import SamVit, VitSpec
from ..networks.student import CompactStudent, paper_student
from ..teachers.teacher import Teacher
from .objective import Networks
from .questions import Style, style_of
from .recipe import DistillRecipe, make_recipe

KIND = 'eventsam_ros student'
"""What a checkpoint says that it is."""


def build_networks(recipe: DistillRecipe, teacher: Teacher) -> Networks:
    """Return the student and the decoder that a run begins with.

    Raises:
        RecipeError: The backbone or the input does not fit, or `start` is another student.
    """
    choice, spec = recipe.student, teacher.network.spec
    height, width = teacher.height, teacher.width
    try:
        student: nn.Module
        if choice.kind == 'paper':
            student = paper_student(teacher.network)
        elif choice.kind == 'scratch':
            student = SamVit(spec, height, width)
        else:
            student = CompactStudent(choice.backbone, spec, height, width, choice.detail)
    except (ValueError, RuntimeError) as error:
        raise RecipeError(f'the student cannot be built: {error}') from error
    decoder = PromptDecoder(width, height, detail=choice.detail)
    if choice.decoder != 'new':
        # the projection of the detail, where there is one, is not the teacher's
        decoder.load_state_dict(copy.deepcopy(teacher.decoder.state_dict()), strict=False)
    decoder.requires_grad_(choice.decoder != 'frozen')
    networks = Networks(student, decoder)
    if choice.start is not None:
        _begin_with(networks, choice.start)
    return networks


def _begin_with(networks: Networks, path: Path) -> None:
    found = read_checkpoint(path)
    try:
        networks.load_state_dict(found['networks'])
    except RuntimeError as error:
        raise RecipeError(f'{path} is another student: {error}') from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the content of best.pt.

    Raises:
        RecipeError: It cannot be read, or is something else.
    """
    try:
        found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if not isinstance(found, dict) or found.get('kind') != KIND:
        raise RecipeError(f'{path} is no student of `python -m training distill`')
    return found


@dataclass(frozen=True)
class Trained:
    """A student to evaluate or export.

    Attributes:
        student: In evaluation mode; gives Features.
        decoder: Of its masks.
        recipe: It was trained by.
        representation: Of the event pictures.
        height: Rows of the input.
        width: Columns of the input.
        step: Of the checkpoint.
        scores: Of the validation there.
        style: How the decoder is asked.
    """

    student: nn.Module
    decoder: PromptDecoder
    recipe: DistillRecipe
    representation: str
    height: int
    width: int
    step: int
    scores: dict[str, float]
    style: Style


def checkpoint(
    networks: Networks, recipe: DistillRecipe, teacher: Teacher, representation: str, step: int,
    scores: dict[str, float],
) -> dict[str, Any]:
    """Return what best.pt holds: all that `load_trained` needs, and nothing that must be run."""
    spec = teacher.network.spec
    return {
        'kind': KIND, 'networks': networks.state_dict(), 'recipe': as_plain(asdict(recipe)),
        'spec': as_plain(asdict(spec)), 'height': teacher.height, 'width': teacher.width,
        'representation': representation,
        'step': step, 'scores': scores}


def as_plain(value: Any) -> Any:
    """Return mappings, lists and texts in place of tuples and paths."""
    if isinstance(value, dict):
        return {k: as_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(v) for v in value]
    return str(value) if isinstance(value, Path) else value


def load_trained(path: Path) -> Trained:
    """Read best.pt of a run; neither teacher nor data are needed.

    Raises:
        RecipeError: It cannot be read, or is something else.
    """
    found = read_checkpoint(path)
    recipe = make_recipe(found['recipe'], path.name)
    spec = VitSpec(**{**found['spec'], 'taps': tuple(found['spec']['taps'])})
    height, width, choice = found['height'], found['width'], recipe.student
    student: nn.Module = SamVit(spec, height, width)
    if choice.kind == 'compact':
        student = CompactStudent(choice.backbone, spec, height, width, choice.detail)
    networks = Networks(student, PromptDecoder(width, height, detail=choice.detail))
    networks.load_state_dict(found['networks'])
    networks.eval().requires_grad_(False)
    return Trained(
        networks.student, networks.decoder, recipe, found['representation'], height, width,
        found['step'], found['scores'], style_of(spec))
