# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Targets that sentences name, for whichever work sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
import threading

import numpy as np
from std_msgs.msg import String

from eventsam_ros.errors import EventsamError
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.referring import Found, ReferringSegmenter

from .. import topics
from ..answers import Targets
from ..diagnostics import Look
from ..sentences import SentenceBoard
from ..site import Site


class Following:
    """Listens to sentences, and follows what they name in one picture or window after another.

    Sentences come in the node's thread; the network is used in the pipeline's thread alone, and
    learns of them before its next input.

    Attributes:
        board: The targets that are wanted.
        timings: Milliseconds of each stage of the last call.
    """

    def __init__(self, segmenter: ReferringSegmenter, site: Site) -> None:
        """Prepare; `subscribe` begins.

        Args:
            segmenter: For this one's use alone.
            site: Where it lives.
        """
        self._segmenter, self._site = segmenter, site
        self.board = SentenceBoard(site.settings['sentences'])
        self.timings: dict[str, float] = {}
        self._counters: Counter[str] = Counter(targets_found=0, targets_lost=0)
        self._forget = threading.Event()
        self._forget.set()
        self._newest: tuple[Found, ...] = ()

    def subscribe(self) -> None:
        """Begin to listen."""
        self._site.connections.subscribe(topics.TEXT, self._on_text)

    def forget(self) -> None:
        """Forget all tracks before the next input; sentences stay."""
        self._forget.set()

    def segment(
        self, picture: UInt8 | None, window: Window | None, stamp_ns: int, current: bool = True,
    ) -> Targets:
        """Look for all targets; see ReferringSegmenter.segment.

        Args:
            picture: As there.
            window: As there.
            stamp_ns: As there.
            current: Whether nothing was restarted since the input came. Tracks are forgotten
                with the first that is: what is older would be learnt into the new ones.
        """
        if current and self._forget.is_set():
            self._forget.clear()
            self._segmenter.reset()
        text_ms = self._learn()
        found = self._segmenter.segment(picture, window, stamp_ns)
        self.timings = {**self._segmenter.timings, 'text': text_ms}
        before = {(each.name, each.sentence): each.found for each in self._newest}
        for each in found:
            if each.found != before.get((each.name, each.sentence), False):
                self._counters['targets_found' if each.found else 'targets_lost'] += 1
        self._newest = found
        seen = picture if picture is not None else window
        assert seen is not None
        size = seen.shape[:2] if isinstance(seen, np.ndarray) else (seen.height, seen.width)
        return Targets(found, size)

    def counts(self) -> Mapping[str, int]:
        """Return what is counted of targets and sentences."""
        return {**self._counters, **self.board.counters}

    def told(self, look: Look) -> Look:
        """Return a look with how the targets are."""
        self.board.tell_refusals(self._site)
        newest = {each.name: each for each in self._newest}
        states = {name: _state(newest.get(name)) for name in self.board.wanted()}
        lost = [name for name, state in states.items() if not state.startswith('found')]
        if not states:
            well = 'no target: say on prompt/text what to follow'
        else:
            well = f'segmenting; not found: {", ".join(lost)}' if lost else look.well
        measures = {'targets': str(len(states)), **look.measures,
                    **{f'target.{name}': state for name, state in states.items()}}
        return replace(look, measures=measures, well=well)

    def _learn(self) -> float:
        """Tell the network which targets are wanted; return what encoding took, milliseconds."""
        wanted, network, text_ms = self.board.wanted(), self._segmenter, 0.0
        for name in [known for known in network.targets if known not in wanted]:
            network.remove(name)
        for name, sentence in wanted.items():
            if network.targets.get(name) == sentence:
                continue
            try:
                network.add(name, sentence)
            except (ValueError, EventsamError) as error:
                self.board.give_up(name, str(error))
                continue
            text_ms += network.timings['text']
            if unknown := network.unknown_words(sentence):
                # Once a sentence; a limit of lines in time would hide those of the next one.
                self._site.node.get_logger().warning(
                    f'the bundle has never seen {", ".join(unknown)}, words of the sentence of '
                    f'{name}')
        return text_ms

    def _on_text(self, message: String) -> None:
        self.board.take(message.data)
        self.board.tell_refusals(self._site)


def _state(found: Found | None) -> str:
    if found is None:
        return 'not looked for yet'
    return f'{"found" if found.found else "lost"}, score {found.score:.3f}'
