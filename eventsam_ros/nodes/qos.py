# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Quality of service of every topic; each can be changed by the standard qos_overrides."""

from __future__ import annotations

from functools import partial

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions


def _keep_last(
    depth: int, reliability: ReliabilityPolicy,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability,
        durability=durability)


# Functions, because rclpy writes a topic's overrides into the profile that it is given.
# EVT3 is stateful, so every packet has to be decoded: the queue must outlast any hiccup.
events = partial(_keep_last, 1000, ReliabilityPolicy.BEST_EFFORT)
image = partial(_keep_last, 1, ReliabilityPolicy.BEST_EFFORT)
prompt = partial(_keep_last, 10, ReliabilityPolicy.RELIABLE)
mask = partial(_keep_last, 10, ReliabilityPolicy.RELIABLE)
overlay = partial(_keep_last, 2, ReliabilityPolicy.RELIABLE)
debug = partial(_keep_last, 10, ReliabilityPolicy.RELIABLE)
latched = partial(_keep_last, 1, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
clock = partial(_keep_last, 1, ReliabilityPolicy.BEST_EFFORT)
# A recording must arrive whole, whether its reader asks for best effort or for reliable.
replay = partial(_keep_last, 1000, ReliabilityPolicy.RELIABLE)


def overridable() -> QoSOverridingOptions:
    """Return options that let `qos_overrides.<topic>.*` parameters change a profile."""
    return QoSOverridingOptions((
        QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY,
        QoSPolicyKind.DURABILITY))
