# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parameters of segment_node; the node, docs and configuration files are made from these."""

from __future__ import annotations

from dataclasses import replace

from eventsam_ros.events.windows import EDGES
from eventsam_ros.inference.engines import ENGINES
from eventsam_ros.inference.engines.tensorrt_build import PRECISIONS
from eventsam_ros.inference.options import AutomaticOptions

from . import topics
from .budget import POLICIES as OVERLOAD_POLICIES
from .parameter import ANY_TIME, AT_START, Parameter

EVENT_TYPES = ('event_camera_msgs', 'dvs_msgs', 'prophesee_event_msgs')
TRANSPORTS = ('raw', 'compressed')
POLICIES = ('period', 'count', 'frame', 'trigger')
AUTOMATIC = 'automatic.'


def _for(tasks: tuple[str, ...], parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    return tuple(replace(parameter, tasks=tasks) for parameter in parameters)


def _automatic() -> tuple[Parameter, ...]:
    defaults = AutomaticOptions()
    return tuple(
        Parameter(
            f'{AUTOMATIC}{name}', getattr(defaults, name), setting.description, ANY_TIME,
            '' if setting.unit == '1' else setting.unit, setting.low, setting.high,
            setting.choices)
        for name, setting in AutomaticOptions.settings().items())


_GENERAL = (
    Parameter('autostart', False, 'Configure and activate the node by itself.', AT_START),
    Parameter('bundle', '', 'Folder of the bundle; empty takes the one that ships.'),
    Parameter('engine', 'auto', 'Back end that runs the network; auto takes the first of '
              'tensorrt, onnxruntime_cuda and onnxruntime that can be had.', choices=ENGINES),
    Parameter('engine_precision', 'fp16', 'Arithmetic of engines that tensorrt compiles; with '
              'fp16 norms and softmax stay fp32.', choices=PRECISIONS),
    Parameter('engine_cache', '', 'Folder of the engines that tensorrt compiles; empty takes '
              '~/.cache/eventsam_ros/engines.'),
    Parameter('build_only', False, 'Let configure compile, compare and keep the engines and free '
              'them again; activate is then refused.'),
    Parameter('engine_threads', 0, 'Threads that share one operator; 0 leaves it to the back end.',
              unit='threads', low=0, high=256),
    Parameter('lazy', True, 'Run the network only while someone subscribes to an output; events '
              'are decoded in any case.', ANY_TIME),
    Parameter('image_transport', 'raw', 'Whether images come as sensor_msgs/Image on image or as '
              'CompressedImage on image/compressed.', choices=TRANSPORTS),
    Parameter('diagnostics.period_s', 1.0, 'Time between two messages on /diagnostics.',
              ANY_TIME, 's', 0.1, 60),
    Parameter('diagnostics.stale_s', 2.0, 'Time without any input after which it warns.',
              ANY_TIME, 's', 0.1, 3600),
    Parameter('diagnostics.latency_ms', 300.0, 'Pipeline latency (p95) above which it warns.',
              ANY_TIME, 'ms', 1, 60_000),
)
_EVENTS = (
    Parameter('events_type', 'event_camera_msgs', 'Package of the messages on events: EventPacket '
              'of event_camera_msgs, or EventArray of the others.', choices=EVENT_TYPES),
    Parameter('use_images', False, 'Draw the overlay on the picture of the moment instead of on '
              'the events; image is subscribed to while someone looks at the overlay.'),
    Parameter('image_offset_ms', 0.0, 'Added to the stamps of images to get the time that they '
              'show; half of the exposure where a camera stamps its begin.', ANY_TIME, 'ms',
              -1000, 1000),
    Parameter('window.policy', 'period', 'When a window ends: after a period, after a number of '
              'events, at the stamp of every image, or at every edge of a hardware trigger.',
              choices=POLICIES),
    Parameter('window.duration_ms', 0.0, 'Length of a window of the policies period, frame and '
              'trigger, at least 1; 0 takes what the bundle was trained on.', unit='ms', low=0,
              high=1000),
    Parameter('window.count', 50_000, 'Events in a window of the policy count.', unit='events',
              low=100, high=10_000_000),
    Parameter('window.trigger_channel', 0, 'Trigger input whose edges end the windows of the '
              'policy trigger.', low=0, high=255),
    Parameter('window.trigger_edge', 'rising', 'Which edges of the trigger end a window.',
              choices=tuple(EDGES)),
    Parameter('overload.policy', 'newest', 'What becomes of windows that come faster than the '
              'network works: newest segments the newest one, every_nth every n-th one at an even '
              'pace, thin the newest one with no more than overload.thin_events.', ANY_TIME,
              choices=OVERLOAD_POLICIES),
    Parameter('overload.budget_ms', 500.0, 'Longest time from the arrival of the packet that '
              'completes a window to its mask; packets that wait too long for that are shed.',
              ANY_TIME, 'ms', 10, 60_000),
    Parameter('overload.every_nth', 0, 'Of so many windows one is segmented (policy every_nth), '
              'whether there is time for more or not; 0 takes the least number that the network '
              'keeps up with.', ANY_TIME, 'windows', 0, 1000),
    Parameter('overload.thin_events', 200_000, 'Most events of a window (policy thin); of more '
              'an even share all over the picture is left out.', ANY_TIME, 'events', 1000,
              100_000_000),
    Parameter('overload.queue_mb', 24.0, 'Most memory of the packets that wait to be decoded; the '
              'oldest ones are shed beyond it.', unit='MB', low=1, high=4096),
)
_PROMPTS = (
    Parameter('prompts.follow', True, 'Let a prompt follow its object from window to window '
              'instead of staying where it was put.', ANY_TIME),
    Parameter('prompts.hold_s', 0.0, 'How long a prompt is answered after it came; 0 keeps it '
              'until it is removed.', ANY_TIME, 's', 0, 3600),
)
_PAIRING = (
    Parameter('pairing.tolerance_ms', 20.0, 'Largest difference of the stamps of pictures '
              'that belong together.', unit='ms', low=0, high=1000),
    Parameter('pairing.patience_ms', 50.0, 'How long a picture waits for its partners before it '
              'goes on without them.', unit='ms', low=0, high=1000),
    Parameter('pairing.silence_ms', 1000.0, 'After how long without a picture a camera counts as '
              'dead, so that nobody waits for it.', unit='ms', low=1, high=60_000),
)
_RIG = (
    Parameter('rig', '', 'YAML file of the cameras whose pictures make the panorama; empty where '
              'panoramas come on image.'),
    Parameter('rig_frame_id', 'base_link', 'Frame of panoramas that are made of pictures: that of '
              'the vehicle, to which the rig tells how its cameras are turned.'),
)
_REFERRING = (
    Parameter('sentences', [''], 'Targets that are there from the start, each as on prompt/text: '
              'a sentence, or NAME: sentence.'),
    Parameter('image_tolerance_ms', 50.0, 'How much older than the end of a window the picture '
              'may be that a bundle of events and pictures looks at with it.', ANY_TIME, 'ms', 0,
              1000),
)
PARAMETERS: tuple[Parameter, ...] = (
    *_GENERAL, *_for(topics.EVENTS.tasks, _EVENTS),
    *_for(('rgbt_semantic', 'panoramic'), _PAIRING), *_for(('panoramic',), _RIG),
    *_for(topics.TEXT.tasks, _REFERRING),
    *_for(topics.POINT.tasks, (*_PROMPTS, *_automatic())))
