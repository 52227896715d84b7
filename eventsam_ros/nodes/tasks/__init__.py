# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What segment_node does with bundles of each task, one room for each family of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eventsam_ros.errors import EventsamError
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.engines import EngineOptions
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import PanoramicBundle
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import ReferringBundle
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import RgbtBundle
from eventsam_ros.inference.segmenter import Segmenter
from eventsam_ros.inference.semantic import SemanticSegmenter
from eventsam_ros.inference.semantic_bundle import SemanticBundle

from ..inputs import event_message
from ..site import Site
from ..warming import warm_up
from ..work import Network, Work
from .events import EventWork
from .panoramic import PanoramaWork, panoramic_work, rig_of
from .referring import ReferringEventWork, ReferringPictureWork, referring_work
from .rgbt import RgbtWork
from .rig import RigWork

GoOn = Callable[[], bool]


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: As bundles name it.
        check: Raises EventsamError where parameters name what is not there.
        network: Opens a bundle: it takes the bundle, the engine, its threads and the settings of
            back ends that compile graphs.
        warm_up: Runs the network once; it is asked between the parts whether to go on.
        work: Begins the work with the network.
    """

    name: str
    check: Callable[[Mapping[str, Any]], object]
    network: Callable[[Any, str, int | None, EngineOptions], Any]
    warm_up: Callable[[Any, GoOn], None]
    work: Callable[[Any, Site], Work]


def _check_events(values: Mapping[str, Any]) -> None:
    package = values['events_type']
    if event_message(package) is None:
        raise EventsamError(f'events_type is {package}, but that package is not installed; '
                            'install it or set events_type to another one')


def _nothing(_values: Mapping[str, Any]) -> None:
    """Name nothing outside of the node."""


def _objects(
    bundle: Bundle, engine: str, threads: int | None, compiling: EngineOptions,
) -> Segmenter:
    return Segmenter(bundle, engine, threads, compiling=compiling)


def _warm_events(network: Segmenter | SemanticSegmenter, go_on: GoOn) -> None:
    manifest = network.bundle.manifest
    network.warm_up(manifest.width, manifest.height)
    warm_up(go_on)


def _warm_cameras(network: RgbtSegmenter, _go_on: GoOn) -> None:
    network.warm_up()


def _warm_panoramas(network: PanoramicSegmenter, _go_on: GoOn) -> None:
    network.warm_up(network.bundle.manifest.width, network.bundle.manifest.height)


def _warm_sentences(network: ReferringSegmenter, go_on: GoOn) -> None:
    network.warm_up()
    if network.bundle.manifest.events:
        warm_up(go_on)


TASKS: Mapping[type, Task] = {
    Bundle: Task('events', _check_events, _objects, _warm_events, EventWork),
    SemanticBundle: Task(
        'event_semantic', _check_events, SemanticSegmenter, _warm_events, EventWork),
    RgbtBundle: Task('rgbt_semantic', _nothing, RgbtSegmenter, _warm_cameras, RgbtWork),
    ReferringBundle: Task(
        'referring', _check_events, ReferringSegmenter, _warm_sentences, referring_work),
    PanoramicBundle: Task(
        'panoramic', rig_of, PanoramicSegmenter, _warm_panoramas, panoramic_work),
}
"""By the type of the bundle."""
WORKS = (EventWork, RgbtWork, ReferringEventWork, ReferringPictureWork, PanoramaWork, RigWork)
DROPS = tuple(dict.fromkeys(name for work in WORKS for name in work.DROPS))
"""Names of all that is dropped; each is a key on /diagnostics behind `dropped.`."""


@dataclass(frozen=True)
class Opened:
    """A bundle that can run.

    Attributes:
        task: Name of its task.
        network: What runs it.
        warm_up: Runs it once; takes a function that says whether to go on.
        work: Begins the work at a site.
    """

    task: str
    network: Network
    warm_up: Callable[[GoOn], None]
    work: Callable[[Site], Work]


def open_task(bundle: object, values: Mapping[str, Any], tell: Callable[[str], None]) -> Opened:
    """Load the network of a bundle.

    Args:
        bundle: From inference.opening.load_any.
        values: Parameters by name.
        tell: Told what takes long.

    Raises:
        BundleError: A graph does not fit its manifest.
        EngineError: The back end is missing, or cannot load a graph.
        EventsamError: A parameter names what is not there.
    """
    task, cache = TASKS[type(bundle)], values['engine_cache']
    task.check(values)
    network = task.network(
        bundle, values['engine'], values['engine_threads'] or None,
        EngineOptions(values['engine_precision'], Path(cache) if cache else None, tell=tell))
    return Opened(task.name, network, partial(task.warm_up, network), partial(task.work, network))
