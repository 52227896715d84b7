# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parameters of rgbt_node: description, unit, range, and when each may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from eventsam_ros.inference.engines import ENGINES
from eventsam_ros.inference.engines.tensorrt_build import PRECISIONS
from eventsam_ros.inference.rgbt_pairing import PairingOptions

from .parameter import ANY_TIME, AT_START, UNCONFIGURED, Parameter

PARAMETERS: tuple[Parameter, ...] = (
    Parameter('autostart', False, 'Configure and activate the node by itself.', AT_START),
    Parameter('bundle', '', 'Folder of a bundle of task rgbt_semantic.'),
    Parameter('engine', 'auto', 'Back end that runs the network; auto takes the first of '
              'tensorrt, onnxruntime_cuda and onnxruntime that can be had.', choices=ENGINES),
    Parameter('engine_precision', 'fp16', 'Arithmetic of engines that tensorrt compiles; with '
              'fp16 norms and softmax stay fp32.', choices=PRECISIONS),
    Parameter('engine_cache', '', 'Folder of the engines that tensorrt compiles; empty takes '
              '~/.cache/eventsam_ros/engines.'),
    Parameter('engine_threads', 0, 'Threads that share one operator; 0 leaves it to the back end.',
              unit='threads', low=0, high=256),
    Parameter('lazy', True, 'Run the network only while someone subscribes to an output.',
              ANY_TIME),
    Parameter('pairing.tolerance_ms', 20.0, 'Largest difference of the stamps of two pictures '
              'that belong together.', unit='ms', low=0, high=1000),
    Parameter('pairing.patience_ms', 50.0, 'How long a picture waits for its partner before it '
              'goes on alone.', unit='ms', low=0, high=1000),
    Parameter('pairing.silence_ms', 1000.0, 'After how long without a picture a camera counts as '
              'dead, so that nobody waits for it.', unit='ms', low=1, high=60_000),
    Parameter('diagnostics.period_s', 1.0, 'Time between two messages on /diagnostics.',
              unit='s', low=0.1, high=60),
    Parameter('diagnostics.latency_ms', 300.0, 'Latency (p95) above which it warns.', ANY_TIME,
              'ms', 1, 60_000),
)
_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def declare(node: Node) -> None:
    """Declare every parameter on a node."""
    for parameter in PARAMETERS:
        node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())


def read(node: Node) -> dict[str, Any]:
    """Return the value of every parameter by name."""
    return {name: node.get_parameter(name).value for name in _BY_NAME}


def pairing_of(values: Mapping[str, Any]) -> PairingOptions:
    """Return how pictures are paired.

    Raises:
        ValueError: The silence is shorter than the patience.
    """
    return PairingOptions(*(round(values[f'pairing.{name}_ms'] * 1e6) for name in (
        'tolerance', 'patience', 'silence')))


def problem(values: Mapping[str, Any]) -> str:
    """Say what is wrong with a whole set of values, or ''."""
    for name, value in values.items():
        refusal = _BY_NAME[name].refusal(value)
        if refusal:
            return refusal
    try:
        pairing_of(values)
    except ValueError as error:
        return f'pairing: {error}'
    return ''


def check(
    current: Mapping[str, Any], changes: Iterable[RosParameter], configured: bool,
) -> SetParametersResult:
    """Say whether parameters may change, all of them or none; rclpy has checked the types.

    Args:
        current: The values now, by name.
        changes: What shall change.
        configured: Whether the node holds a network already.
    """
    wanted = {c.name: c.value for c in changes if c.name in _BY_NAME}
    fixed = [name for name in wanted if _BY_NAME[name].when == UNCONFIGURED]
    if configured and fixed:
        return SetParametersResult(
            successful=False, reason=f'{fixed[0]} {UNCONFIGURED}; call cleanup first')
    reason = problem({**current, **wanted})
    return SetParametersResult(successful=not reason, reason=reason)
