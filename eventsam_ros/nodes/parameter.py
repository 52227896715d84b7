# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One parameter: description, unit, range, and when it may change."""

from __future__ import annotations

from dataclasses import dataclass
import math

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from eventsam_ros.inference.manifest import TASKS

ANY_TIME = 'may change at any time'
UNCONFIGURED = 'may change while the node is unconfigured'
AT_START = 'is set at start only'


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
        tasks: Tasks of bundles with which it has a meaning.
    """

    name: str
    default: bool | float | int | str | list[str]
    description: str
    when: str = UNCONFIGURED
    unit: str = ''
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    tasks: tuple[str, ...] = TASKS

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

    def refusal(self, value: object) -> str:
        """Say why a value of the right type cannot be, or ''."""
        if self.choices and value not in self.choices:
            return f'{self.name} must be one of {", ".join(self.choices)}, but got {value!r}'
        if isinstance(value, float) and not math.isfinite(value):
            return f'{self.name} must be a finite number, but got {value}'
        return ''
