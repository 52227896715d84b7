# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Build the network of a recipe, and read that of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from eventsam_ros.inference.words import WordList, Words, vocabulary_of

from ..distill.checkpoints import BEST
from ..distill.students import as_plain
from ..errors import RecipeError
from ..thermal.start import sum_of
from .network import ReferringNetwork
from .networks.adapters import adapt_compact, adapt_vit
from .networks.sight import VitSight
from .recipe import ReferringRecipe, TextChoice, make_recipe
from .start import RUN, apply_start, read_start
from .text.published import load_published, published_words
from .text.small import SmallTextEncoder


def build_words(choice: TextChoice, vocabulary: tuple[str, ...]) -> Words:
    """Return the tokenizer of a text encoder.

    Args:
        choice: Of the encoder.
        vocabulary: Words that the small one knows.

    Raises:
        RecipeError: There is no such tokenizer, or no word.
    """
    if choice.kind != 'small':
        assert choice.path is not None
        return published_words(choice.path, choice.words)
    try:
        return WordList(vocabulary, choice.words)
    except ValueError as error:
        raise RecipeError(f'the sentences make no vocabulary: {error}') from error


def build_text(choice: TextChoice, words: Words) -> SmallTextEncoder | nn.Module:
    """Return a text encoder; published ones come with their weights.

    Raises:
        RecipeError: Its weights cannot be read, or its width does not fit.
    """
    if choice.kind != 'small':
        assert choice.path is not None
        return load_published(choice.kind, choice.path)
    try:
        return SmallTextEncoder(words.size, choice.width, choice.layers)
    except ValueError as error:
        raise RecipeError(f'network: text: {error}') from error


def build_network(
    recipe: ReferringRecipe, words: Words, started: bool = True,
) -> ReferringNetwork:
    """Return the network that a run begins with.

    Args:
        recipe: What it is made of.
        words: Tokenizer.
        started: Whether to begin with the weights in `start`.

    Raises:
        RecipeError: The encoder is unknown, or `start` is for another.
    """
    choice = recipe.network
    text = build_text(choice.text, words)
    try:
        network = ReferringNetwork(
            choice, recipe.width, recipe.height, text, int(getattr(text, 'width')))  # noqa: B009
        before: Trained | None = None
        if started and choice.start is not None:
            start = read_start(choice.start, choice.detail)
            if start['kind'] == RUN:
                before = load_trained(choice.start)
            else:
                apply_start(network, start, choice.start)
        adapted = before is not None and before.recipe.network.tune == 'adapters'
        if before is not None and choice.start is not None and not adapted:
            continue_run(network, before, words, choice.start)
        tune(network)
        if before is not None and choice.start is not None and adapted:
            continue_run(network, before, words, choice.start)
    except ValueError as error:
        raise RecipeError(f'the network cannot be built: {error}') from error
    if not choice.text.learns:
        network.text.requires_grad_(False)
    return network


def tune(network: ReferringNetwork) -> None:
    """Freeze of the encoder what its recipe does not let learn, and add its adapters.

    Raises:
        ValueError: There is no place for adapters.
    """
    choice, sight = network.choice, network.sight.sight
    if choice.tune == 'frozen':
        sight.requires_grad_(False)
    elif choice.tune == 'adapters':
        if isinstance(sight, VitSight):
            adapt_vit(sight.network, choice.zero_adapters, choice.recompute)
        else:
            adapt_compact(sight.encoder, choice.zero_adapters)


def continue_run(
    network: ReferringNetwork, before: Trained, words: Words, path: Path,
) -> None:
    """Set all that an earlier run has learnt too; modules that it lacks stay new.

    Args:
        network: With adapters where the earlier run has some, and else without.
        before: The earlier run.
        words: Tokenizer of this network.
        path: Of the earlier run, for messages.

    Raises:
        RecipeError: Its encoder or its words are others.
    """
    if before.words.vocabulary != words.vocabulary:
        raise RecipeError(f'{path} was trained with other words')
    given, own = before.network.state_dict(), network.state_dict()
    known = {name: tensor for name, tensor in given.items()
             if name in own and own[name].shape == tensor.shape}
    lacking = sorted(n for n in own if n.startswith(('sight.sight.', 'text.')) and n not in known)
    if lacking:
        raise RecipeError(f'{path} is of another build: it lacks {lacking[0]}')
    network.load_state_dict({**own, **known})


def words_for(recipe: ReferringRecipe, said: Callable[[], Sequence[str]]) -> Words:
    """Return the tokenizer of a run: that of the run it begins with, or of what is said.

    Args:
        recipe: What to do.
        said: Gives all sentences of the training clips; asked where they make the vocabulary.

    Raises:
        RecipeError: `start` or the tokenizer cannot be read.
    """
    choice = recipe.network
    if choice.text.kind == 'small' and choice.start is not None and choice.start.is_file():
        start = read_start(choice.start, choice.detail)
        if start['kind'] == RUN:
            return build_words(choice.text, tuple(start['vocabulary']))
    return build_words(choice.text, vocabulary_of(said()) if choice.text.kind == 'small' else ())


@dataclass(frozen=True)
class Trained:
    """A network to evaluate or export.

    Attributes:
        network: In evaluation mode.
        recipe: It was trained by.
        words: Its tokenizer.
        step: Of the checkpoint.
        scores: Of the validation there.
    """

    network: ReferringNetwork
    recipe: ReferringRecipe
    words: Words
    step: int
    scores: dict[str, float]


def checkpoint(
    learnt: Mapping[str, Tensor], recipe: ReferringRecipe, words: Words, step: int,
    scores: Mapping[str, float],
) -> dict[str, Any]:
    """Return what best.pt holds; frozen weights stay in the recipe's files."""
    start = recipe.network.start if recipe.network.tune != 'full' else None
    return {
        'kind': RUN, 'learnt': dict(learnt), 'recipe': as_plain(asdict(recipe)),
        'vocabulary': list(words.vocabulary), 'step': step, 'scores': dict(scores),
        'start': None if start is None else sum_of(start)}


def load_trained(path: Path) -> Trained:
    """Read a finished run.

    Args:
        path: Folder of the run, or its best.pt.

    Raises:
        RecipeError: It cannot be read, is of another kind, or the file that it began with is not
            the one it was.
    """
    path = path / BEST if path.is_dir() else path
    try:
        found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {str(error).splitlines()[0]}') from error
    if not isinstance(found, dict) or found.get('kind') != RUN:
        raise RecipeError(f'{path} is no run of `python -m training refsam fit`')
    recipe = make_recipe(found['recipe'], path.name)
    start = recipe.network.start
    if found['start'] is not None and start is not None and sum_of(start) != found['start']:
        raise RecipeError(f'{start} is not the file that {path} was trained from')
    words = build_words(recipe.network.text, tuple(found['vocabulary']))
    network = build_network(recipe, words, started=found['start'] is not None)
    network.load_state_dict({**network.state_dict(), **found['learnt']})
    network.eval().requires_grad_(False)
    return Trained(network, recipe, words, found['step'], found['scores'])
