# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parameters of segment_node: description, unit, range, and when each may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from eventsam_ros.inference.options import AutomaticOptions
from eventsam_ros.inference.rgbt_pairing import PairingOptions

from .parameter import UNCONFIGURED
from .parameter_table import AUTOMATIC, EVENT_TYPES, PARAMETERS
from .sentences import parse

__all__ = ['PARAMETERS', 'check', 'declare', 'options_of', 'pairing_of', 'problem', 'read']

_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def declare(node: Node) -> None:
    """Declare every parameter on a node."""
    for parameter in PARAMETERS:
        node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())


def read(node: Node) -> dict[str, Any]:
    """Return the value of every parameter by name."""
    return {name: node.get_parameter(name).value for name in _BY_NAME}


def options_of(values: Mapping[str, Any]) -> AutomaticOptions:
    """Return the settings of automatic masks among parameter values.

    Raises:
        ValueError: One is out of its range.
    """
    options = AutomaticOptions(**{
        name[len(AUTOMATIC):]: value for name, value in values.items()
        if name.startswith(AUTOMATIC)})
    options.validate()
    return options


def pairing_of(values: Mapping[str, Any]) -> PairingOptions:
    """Return how pictures are paired.

    Raises:
        ValueError: The silence is shorter than the patience.
    """
    try:
        return PairingOptions(*(round(values[f'pairing.{name}_ms'] * 1e6) for name in (
            'tolerance', 'patience', 'silence')))
    except ValueError as error:
        raise ValueError(f'pairing: {error}') from error


def problem(values: Mapping[str, Any]) -> str:
    """Say what is wrong with a whole set of values, or ''."""
    for name, value in values.items():
        refusal = _BY_NAME[name].refusal(value)
        if refusal:
            return refusal
    duration_ms = values['window.duration_ms']
    if 0 < duration_ms < 1:
        return f'window.duration_ms must be 0 or 1 to 1000 ms, but got {duration_ms:g}'
    if values['window.policy'] == 'trigger' and values['events_type'] != EVENT_TYPES[0]:
        return (f'window.policy trigger needs events_type {EVENT_TYPES[0]}: '
                'event arrays carry no triggers')
    try:
        options_of(values)
        pairing_of(values)
        for sentence in values['sentences']:
            parse(sentence)
    except ValueError as error:
        return str(error)
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
