# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What other tools made: pictures, and events of them, in folders side by side.

- images/NAME.png: the picture, or what E2VID made of the events
- events/NAME.npz: events that lead up to it, such as VID2E's
- event_images/NAME.png: the event picture itself, in place of events
- labels/NAME.png: classes of the recipe's table; 255 does not count
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.eventsam_events import read_event_file
from eventsam_ros.evaluation.datasets.files import pictures
from eventsam_ros.evaluation.datasets.pictures import read_colour, read_labels
from eventsam_ros.events.types import Window

from ...errors import RecipeError
from ..classes import TABLES
from ..sets import SetChoice
from .sample import EventSample, packets_of


@dataclass(frozen=True)
class Folder:
    """Samples in folders.

    Attributes:
        choice: Sensor size and time unit.
        packets: Packets of each.
        table: Of classes.
        names: Of the samples.
        files: Folder -> name -> file.
    """

    choice: SetChoice
    packets: int
    table: str
    names: tuple[str, ...]
    files: dict[str, dict[str, Path]]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.names)

    def description(self) -> dict[str, Any]:
        """Return how many files of each kind there are."""
        return {kind: len(found) for kind, found in self.files.items()}

    def take(self, first: int, last: int) -> Iterator[EventSample]:
        """Read samples.

        Raises:
            DatasetError: A file is missing or broken.
        """
        for name in self.names[first:last]:
            yield self._read(name)

    def _read(self, name: str) -> EventSample:
        sensor, choice = self.choice.sensor, self.choice
        of = {kind: found[name] for kind, found in self.files.items() if name in found}
        picture = read_colour(of['event_images']) if 'event_images' in of else None
        packets: tuple[Window, ...] = ()
        if 'events' in of:
            events = read_event_file(of['events'], choice.time_unit, sensor.width, sensor.height)
            end = int(events.t[-1]) + 1 if len(events) else 1
            start = int(events.t[0]) if len(events) else 0
            window = Window(events, start, end, sensor.width, sensor.height)
            packets = packets_of(window, self.packets, choice.packet_events > 0)
        assert choice.path is not None
        return EventSample(
            f'{choice.path.name}/{name}/0', packets,
            read_colour(of['images']) if 'images' in of else None,
            read_labels(of['labels'], TABLES[self.table]) if 'labels' in of else None, picture)


def open_folder(choice: SetChoice, packets: int, table: str) -> Folder:
    """Open folders; a sample is what has events or an event picture.

    Raises:
        RecipeError: There is none.
    """
    assert choice.path is not None
    files = {}
    try:
        for kind in ('images', 'events', 'event_images', 'labels'):
            if (choice.path / kind).is_dir():
                endings = ('.npz', '.npy') if kind == 'events' else ('.png', '.jpg')
                files[kind] = pictures(choice.path / kind, endings=endings)
    except DatasetError as error:
        raise RecipeError(str(error)) from error
    found = sorted({*files.get('events', {}), *files.get('event_images', {})})
    if choice.names:
        found = [name for name in found if name.startswith(choice.names)]
    first, last = (round(share * len(found)) for share in choice.part)
    names = tuple(found[first:last:choice.every])
    if not names:
        raise RecipeError(f'{choice.path} has neither events/*.npz nor event_images/*.png')
    return Folder(choice, packets, table, names, files)
