# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Words that say what a change of the picture must leave alone."""

from __future__ import annotations

from collections.abc import Iterable

from eventsam_ros.inference.words import split_words

HUES = frozenset((
    'red', 'orange', 'yellow', 'green', 'blue', 'purple', 'violet', 'pink', 'brown', 'cyan',
    'turquoise', 'magenta', 'beige', 'tan', 'gold', 'golden', 'colored', 'coloured'))
TONES = frozenset((
    'white', 'black', 'grey', 'gray', 'silver', 'dark', 'light', 'bright', 'darker', 'lighter',
    'brighter', 'darkest', 'lightest', 'brightest', 'shadow', 'shade'))
PLACES = frozenset((
    'left', 'right', 'leftmost', 'rightmost', 'leftward', 'rightward', 'top', 'bottom', 'topmost',
    'bottommost', 'upper', 'lower', 'highest', 'lowest', 'above', 'below', 'middle', 'center',
    'centre', 'corner', 'edge', 'side', 'first', 'second', 'third', 'last', 'end', 'leaves',
    'comes', 'disappears', 'returns', 'enters'))


def names(texts: Iterable[str], words: frozenset[str]) -> bool:
    """Return whether any of some sentences has one of some words."""
    return any(word in words for text in texts for word in split_words(text))
