# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Build the network of a recipe, and read that of a finished run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eventsam_ros.evaluation.datasets.classes import ClassTable

from ..distill.students import as_plain
from ..errors import RecipeError
from .low_rank import add_low_rank
from .network import RgbtNetwork
from .pyramid import build_encoder
from .recipe import RgbtRecipe, make_recipe
from .start import apply_decoder, apply_start, read_start, sum_of
from .text import TextVectors

KIND = 'eventsam_ros rgbt'
"""What a checkpoint says that it is."""


def build_network(recipe: RgbtRecipe, classes: int) -> RgbtNetwork:
    """Return the network that a run begins with.

    Raises:
        RecipeError: The encoder is unknown, or `start` is for another.
    """
    choice = recipe.network
    try:
        encoder = build_encoder(choice.encoder)
        start = None if choice.start is None else read_start(choice.start, encoder)
        if start is not None and choice.start is not None:
            apply_start(encoder, start, choice.start)
        if choice.tune == 'low_rank':
            add_low_rank(encoder, choice.rank)
        elif choice.tune == 'frozen':
            encoder.requires_grad_(False)
            for module in encoder.trained():
                module.requires_grad_(True)
    except ValueError as error:
        raise RecipeError(f'the network cannot be built: {error}') from error
    network = RgbtNetwork(
        encoder, classes, choice.modalities, choice.answer, choice.sets == 'per_modality',
        choice.head, choice.guess)
    if start is not None and choice.start is not None:
        apply_decoder(network.decoder, start, choice.start)
    return network


@dataclass(frozen=True)
class Trained:
    """A network to evaluate or export.

    Attributes:
        network: In evaluation mode.
        recipe: It was trained by.
        classes: What its outputs mean.
        text: Vectors that the classes' prototypes were likened to.
        step: Of the checkpoint.
        scores: Of the validation there.
    """

    network: RgbtNetwork
    recipe: RgbtRecipe
    classes: ClassTable
    text: TextVectors
    step: int
    scores: dict[str, float]


def checkpoint(
    learnt: dict[str, Tensor], recipe: RgbtRecipe, classes: ClassTable, text: TextVectors,
    step: int, scores: dict[str, float],
) -> dict[str, Any]:
    """Return what best.pt holds: what was learnt, and not what the run began with."""
    start = recipe.network.start
    return {
        'kind': KIND, 'learnt': learnt, 'recipe': as_plain(asdict(recipe)),
        'start': None if start is None or recipe.network.tune == 'full' else sum_of(start),
        'classes': as_plain(asdict(classes)), 'text': as_plain({
            'source': text.source, 'vectors': text.vectors.tolist()}),
        'step': step, 'scores': scores}


def load_trained(path: Path) -> Trained:
    """Read best.pt of a run, or the folder of one.

    Of a network with frozen weights the file holds what was learnt alone; `start` of its recipe
    must then still be where it was.

    Raises:
        RecipeError: It cannot be read, is something else, or its start is gone or another one.
    """
    path = path / 'best.pt' if path.is_dir() else path
    try:
        found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if not isinstance(found, dict) or found.get('kind') != KIND:
        raise RecipeError(f'{path} is no run of `python -m training sartm fit`')
    recipe = make_recipe(found['recipe'], path.name)
    start = recipe.network.start
    if found['start'] is not None and start is not None and sum_of(start) != found['start']:
        raise RecipeError(f'{start} is not the file that {path} was trained from')
    if found['start'] is None:
        # all weights are in the file
        values = {**found['recipe'], 'network': {**found['recipe']['network'], 'start': None}}
        recipe_of_build = make_recipe(values, path.name)
    else:
        recipe_of_build = recipe
    table = found['classes']
    classes = ClassTable(
        tuple(table['names']), tuple((r, g, b) for r, g, b in table['colours']),
        table['ignore'], table['background'])
    network = build_network(recipe_of_build, len(classes))
    network.load_state_dict({**network.state_dict(), **found['learnt']})
    network.eval().requires_grad_(False)
    vectors = torch.tensor(found['text']['vectors']).numpy()
    return Trained(
        network, recipe, classes, TextVectors(found['text']['source'], classes.names, vectors),
        found['step'], found['scores'])
