# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parameters of segment_node: description, unit, range, and when each may change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from eventsam_ros.inference.engines import ENGINES
from eventsam_ros.inference.options import AutomaticOptions

ANY_TIME = 'may change at any time'
UNCONFIGURED = 'may change while the node is unconfigured'
AT_START = 'is set at start only'

POLICIES = ('period', 'count', 'frame')
AUTOMATIC = 'automatic.'


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: Its name, grouped by dots.
        default: Its default; its type is the parameter's type.
        description: One sentence.
        when: ANY_TIME, UNCONFIGURED or AT_START.
        unit: Unit of a number.
        low: Least number.
        high: Greatest number.
        choices: Allowed names.
    """

    name: str
    default: bool | float | int | str
    description: str
    when: str = UNCONFIGURED
    unit: str = ''
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def descriptor(self) -> ParameterDescriptor:
        """Return what `ros2 param describe` shows."""
        unit = f' Unit: {self.unit}.' if self.unit else ''
        result = ParameterDescriptor(
            name=self.name, description=f'{self.description}{unit}',
            additional_constraints=self.when, read_only=self.when == AT_START)
        if self.choices:
            result.additional_constraints = f'one of {", ".join(self.choices)}; {self.when}'
        if self.low is None or self.high is None:
            return result
        if isinstance(self.default, float):
            result.floating_point_range = [FloatingPointRange(
                from_value=float(self.low), to_value=float(self.high))]
        else:
            result.integer_range = [IntegerRange(
                from_value=int(self.low), to_value=int(self.high), step=1)]
        return result


def _automatic() -> tuple[Parameter, ...]:
    defaults = AutomaticOptions()
    return tuple(
        Parameter(
            f'{AUTOMATIC}{name}', getattr(defaults, name), setting.description, ANY_TIME,
            '' if setting.unit == '1' else setting.unit, setting.low, setting.high,
            setting.choices)
        for name, setting in AutomaticOptions.settings().items())


PARAMETERS: tuple[Parameter, ...] = (
    Parameter('autostart', False, 'Configure and activate the node by itself.', AT_START),
    Parameter('bundle', '', 'Folder of the bundle; empty takes the one that ships.'),
    Parameter('engine', 'auto', 'Back end that runs the network.', choices=ENGINES),
    Parameter('engine_threads', 0, 'Threads that share one operator; 0 leaves it to the back end.',
              unit='threads', low=0, high=256),
    Parameter('window.policy', 'period', 'When a window ends: after a period, after a number of '
              'events, or at the stamp of every image.', choices=POLICIES),
    Parameter('window.duration_ms', 0.0, 'Length of a window of the policies period and frame; '
              '0 takes what the bundle was trained on.', unit='ms', low=0, high=1000),
    Parameter('window.count', 50_000, 'Events in a window of the policy count.', unit='events',
              low=100, high=10_000_000),
    Parameter('use_images', False, 'Subscribe to image, and draw the overlay on the picture of '
              'the moment instead of on the events.'),
    Parameter('prompts.hold_s', 2.0, 'How long a prompt is used after it came; 0 keeps it until '
              '~/reset.', ANY_TIME, 's', 0, 3600),
    Parameter('diagnostics.period_s', 1.0, 'Time between two messages on /diagnostics.',
              unit='s', low=0.1, high=60),
    Parameter('diagnostics.stale_s', 2.0, 'Time without a packet after which it warns.',
              ANY_TIME, 's', 0.1, 3600),
    Parameter('diagnostics.latency_ms', 300.0, 'Pipeline latency (p95) above which it warns.',
              ANY_TIME, 'ms', 1, 60_000),
    *_automatic(),
)
_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def declare(node: Node) -> None:
    """Declare every parameter on a node."""
    for parameter in PARAMETERS:
        node.declare_parameter(parameter.name, parameter.default, parameter.descriptor())


def read(node: Node) -> dict[str, Any]:
    """Return the value of every parameter by name."""
    return {name: node.get_parameter(name).value for name in _BY_NAME}


def options_of(values: dict[str, Any]) -> AutomaticOptions:
    """Return the settings of automatic masks among parameter values.

    Raises:
        ValueError: One is out of its range.
    """
    options = AutomaticOptions(**{
        name[len(AUTOMATIC):]: value for name, value in values.items()
        if name.startswith(AUTOMATIC)})
    options.validate()
    return options


def check(
    current: dict[str, Any], changes: Iterable[RosParameter], configured: bool,
) -> SetParametersResult:
    """Say whether parameters may change; types and ranges have been checked by rclpy.

    Args:
        current: The values now, by name.
        changes: What shall change.
        configured: Whether the node holds a network already.
    """
    wanted = {change.name: change.value for change in changes}
    for name, value in wanted.items():
        parameter = _BY_NAME.get(name)
        if parameter is None:
            continue
        if configured and parameter.when == UNCONFIGURED:
            return SetParametersResult(
                successful=False, reason=f'{name} {UNCONFIGURED}; call cleanup first')
        if parameter.choices and value not in parameter.choices:
            return SetParametersResult(successful=False, reason=(
                f'{name} must be one of {", ".join(parameter.choices)}, but got {value!r}'))
    try:
        options_of({**current, **wanted})
    except ValueError as error:
        return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)
