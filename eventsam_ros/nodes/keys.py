# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the keys of a report on /diagnostics mean."""

from __future__ import annotations

from collections.abc import Iterable

_KEYS = {
    'stream': 'encoding and size of the sensor',
    'backend': 'back end and bundle',
    'events_per_s, packets_per_s, windows_per_s, images_per_s, moments_per_s':
        'rates since the last report',
    'silent_s': 'time since the last packet, or picture where no events are looked at; empty '
                'before the first',
    'prompts': 'objects that are prompted for',
    'publishers': 'publishers of the events',
    'clock_offset_ms': 'host clock minus sensor clock',
    'clock_drift_ppm': 'how much faster the host clock runs; empty until it is known',
    'packet_delay_ms': 'how much later than the promptest the newest packet was stamped',
    'image_skew_ms': 'time that the newest image shows minus stamp of the newest packet then; '
                     'empty without images',
    'queue_packets, queue_mb, queue_age_ms': 'what waits to be decoded: messages, their bytes, '
                                             'and how long the oldest has waited',
    'overload.wait_ms': 'longest that a packet may wait now, a part of what windows leave of '
                        'overload.budget_ms',
    'overload.step': 'of so many windows one is segmented (overload.policy every_nth)',
    'mode': 'which cameras the newest class map was made from',
    'targets': 'targets of sentences',
    'target.NAME': 'found, lost or not looked for yet, and the score',
    'targets_found, targets_lost': 'how often a target was found, and lost again',
    'skew_last_ms, skew_mean_ms, skew_largest_ms': 'stamp of the thermal picture minus that of '
                                                   'the colour picture, of the pairs',
    'mismatch.N': 'a topic whose other side has another quality of service, and what to set',
    'packets, bytes, events': 'taken since activation',
    'packets_decoded': 'packets that were decoded: packets without dropped.packets_shed, '
                       '_duplicate, _late, _undecodable and _failed',
    'images': 'images that arrived',
    'windows': 'windows that were formed: the sum of masks_published, of the dropped.windows_* '
               'and of at most two that are at work',
    'moments': 'pictures, or pictures that belong together, that were formed: the sum of '
               'masks_published, of the dropped.moments_* and of at most two that are at work',
    'masks_published': 'windows or moments that were segmented',
    'masks': 'masks, or classes, in them',
    'paired, late_thermal, late_rgb, rgb_only, thermal_only': 'moments by mode',
    'gathered, whole': 'panoramas that were made of pictures, and those without a camera missing',
    'missing.CAMERA': 'panoramas without a picture of that camera',
    'out_of_order, late, overtaken, crowded': 'pictures that were left out: behind the one before '
        'of their camera; after their moment had gone on; incomplete when a later moment was '
        'whole; too many to wait',
    'restarted': 'how often stamps went back by more than pairing.silence_ms, or only cameras '
                 'that are dead had gone on as far ahead',
    'stream_restarts': 'how often the stream began anew: a recording that loops, a driver that '
                       'was restarted, another encoding or sensor size',
    'events_in_windows, events_waiting': 'events in the windows that were formed, and those whose '
                                         'window is not complete yet',
    'events_unfinished': 'events whose window was not complete when the stream began anew',
    'other counters': 'those of the decoder, the windows and the clock (docs/formats.md)',
    'pipeline_latency_ms.p50, .p95, .p99': 'from the stamp of a mask to when it was published, '
                                           'the newest 1000',
    'response_ms.mean, .p50, .p95, .p99': 'from the arrival of the packet that completed a window '
                                          'to its mask, what overload.budget_ms is for; the '
                                          'newest 1000',
    'processing_time_ms.p50, .p95, .p99': 'time that an input was worked on, the newest 1000',
    'stage_ms.STAGE': 'mean of each stage of an input',
}
_DROPS = {
    'packets_lost': 'packets missing in seq: published packets are those that arrived (packets) '
                    'without the duplicate ones, and these',
    'packets_shed': 'packets left undecoded because they had waited too long (overload.budget_ms) '
                    'or too many waited (overload.queue_mb)',
    'packets_duplicate': 'packets that came a second time; not decoded again',
    'packets_late': 'packets that came after their successors; not decoded',
    'packets_undecodable': 'packets of an unknown encoding or an impossible sensor size',
    'packets_failed': 'packets that broke their decoder; the stream began anew',
    'frames_superseded': 'frames that waited for events longer than 32 others',
    'frames_late': 'frames or edges not after the one before, or older than the events kept',
    'frames_dropped': 'frames or edges that no events reached',
    'events_dropped': 'events that no window could take, or too many that waited',
    'events_thinned': 'events left out of windows that had more than overload.thin_events',
    'images_unreadable': 'images of an unknown encoding, with too few bytes, or of another size '
                         'than the rig says',
    'prompts_refused': 'prompts in a wrong frame, outside of the picture, for no object, or for '
                       'more objects than there can be; texts that are no sentence',
    'windows_unpaired': 'windows without a picture of their moment, or with one of other '
                        'proportions, where the bundle looks at both',
    'windows_unwatched': 'windows that nobody listened for (lazy)',
    'windows_superseded': 'windows that a newer one replaced while the network was busy',
    'windows_skipped_nth': 'windows between those that overload.policy every_nth takes',
    'windows_failed': 'windows at which the back end failed',
    'windows_stopped': 'windows that waited when the node was deactivated',
    'moments_unusable': 'moments whose pictures cannot be read, or have other proportions',
    'moments_unwatched': 'moments that nobody listened for (lazy)',
    'moments_superseded': 'moments that a newer one replaced while the network was busy',
    'moments_failed': 'moments at which the back end failed',
    'moments_stopped': 'moments that waited when the node was deactivated',
    'pictures_superseded': 'overlays that a newer one replaced',
    'pictures_failed': 'overlays that could not be drawn',
}


def explained_keys(drops: Iterable[str]) -> dict[str, str]:
    """Return the keys of a report and what they mean.

    Args:
        drops: Names of what is dropped; every one of them must be explained here.
    """
    return {**_KEYS, **{f'dropped.{name}': _DROPS[name] for name in drops}}
