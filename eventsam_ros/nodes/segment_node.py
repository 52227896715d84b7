# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The lifecycle node: what its bundle looks at in, masks or classes out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
import sys
import traceback
from typing import Any

import cv2
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from eventsam_ros.errors import EventsamError
from eventsam_ros.inference.opening import load_any

from . import parameters
from .compat import ManagedNode, on_parameters
from .connections import Connections
from .health import Reporter
from .memory import give_back
from .outputs import Outputs
from .running import run
from .site import Site
from .tasks import Opened, open_task
from .work import Work

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR
SWITCH_S = 2e-4


class SegmentNode(ManagedNode):
    """Loads a bundle, and does the work of its task while it is active."""

    def __init__(self, name: str = 'segment_node', **options: Any) -> None:
        """Declare the parameters; nothing is loaded before configure.

        Args:
            name: Of the node.
            options: Of rclpy's Node.
        """
        # rclpy destroys the node at shutdown, even one whose constructor failed.
        self._opened: Opened | None = None
        self._outputs: Outputs | None = None
        self._work: Work | None = None
        self._backend = ''
        self._connections = Connections(self)
        super().__init__(name, **options)
        parameters.declare(self)
        # One dictionary for all parts of the node, changed in place.
        self._values = parameters.read(self)
        self._reporter = Reporter(self, self._connections, self._values)
        on_parameters(self, self._check, self._apply)
        self.create_service(Trigger, '~/reset', self._on_reset)
        self.create_service(Trigger, '~/clear_prompts', self._on_clear_prompts)
        started = self._values['autostart'] and self.trigger_configure() == SUCCESS
        if started and not self._values['build_only']:
            self.trigger_activate()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the bundle, run the network once, and make the publishers."""
        try:
            self._configure()
        except (EventsamError, ValueError, OSError) as error:
            self._free()
            self._reporter.fault(f'cannot configure: {error}', keep=True)
            return FAILURE
        except Exception:
            return self._unexpected('configure')
        give_back()   # what loading took, and compiling engines: `keep` has it stay otherwise
        self._reporter.recovered()
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work and subscribe."""
        if self._opened is None:
            self._reporter.fault('cannot activate: build_only was set, so nothing is loaded; call '
                                 'cleanup, set build_only to false and configure again', keep=True)
            return FAILURE
        try:
            result = super().on_activate(state)
            self._activate()
        except Exception:
            return self._unexpected('activate')
        self.get_logger().info('active')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening and finish the window at hand."""
        try:
            self._stop()
        except Exception:
            return self._unexpected('deactivate')
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free the network."""
        try:
            self._free()
        except Exception:
            return self._unexpected('clean up')
        self._reporter.recovered()
        return SUCCESS

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from whichever state."""
        try:
            self._free()
        except Exception:
            return self._unexpected('shut down')
        return SUCCESS

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        try:
            self._free()
        except Exception as error:
            self._reporter.fault(f'cannot recover: {error!r}; start the node again', keep=True)
            return FAILURE
        self.get_logger().warning('everything is freed; the node can be configured again')
        return SUCCESS

    def destroy_node(self) -> None:
        """Stop and free everything before the node goes."""
        self._free()
        super().destroy_node()

    def _configure(self) -> None:
        values = self._values
        reason = parameters.problem(values)
        if reason:
            raise EventsamError(reason)
        bundle = load_any(values['bundle'] or None)
        self._opened = opened = open_task(bundle, values, self.get_logger().info)
        name, backend = bundle.manifest.name, opened.network.engine_description
        if values['build_only']:
            self.get_logger().info(f'build_only: bundle {name} is ready to run on {backend}; '
                                   'nothing stays loaded')
            self._free()
            return
        opened.warm_up(self.context.ok)
        self._outputs = Outputs(self._connections, opened.task)
        self._backend = f'{backend}, bundle {name}'
        self.get_logger().info(f'configured with bundle {name} on {backend}')

    def _activate(self) -> None:
        opened, outputs = self._opened, self._outputs
        assert opened is not None
        assert outputs is not None
        self._work = work = opened.work(Site(
            self, self._connections, outputs, self._values, self._reporter.fault))
        work.start()
        self._reporter.watch(work, self._backend)

    def _stop(self) -> None:
        self._connections.unsubscribe_all()
        work, self._work = self._work, None
        if work is not None:
            try:
                work.stop()
            finally:
                self._reporter.unwatch()

    def _free(self) -> None:
        self._stop()
        outputs, opened = self._outputs, self._opened
        self._outputs = self._opened = None
        if outputs is not None:
            outputs.destroy()
        if opened is not None:
            opened.network.close()
            del opened
            give_back()

    def _unexpected(self, what: str) -> TransitionCallbackReturn:
        """Say what a transition failed with, which rclpy would keep to itself."""
        if not self.context.ok():
            return ERROR  # a signal ended the context under whatever was being done
        error = sys.exc_info()[1]
        self.get_logger().debug(traceback.format_exc())
        self._reporter.fault(f'cannot {what}: {error!r}', keep=True)
        return ERROR

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        response.message = ('nothing to forget, the node is not active' if self._work is None
                            else self._work.reset())
        return response

    def _on_clear_prompts(
        self, _request: Trigger.Request, response: Trigger.Response,
    ) -> Trigger.Response:
        response.success = True
        count = 0 if self._work is None else self._work.clear_prompts()
        response.message = f'{count} prompts are removed'
        return response

    def _check(self, changes: list[Parameter]) -> SetParametersResult:
        return parameters.check(self._values, changes, self._opened is not None)

    def _apply(self, changes: list[Parameter]) -> None:
        self._values.update({c.name: c.value for c in changes if c.name in self._values})
        self._reporter.set_period(self._values['diagnostics.period_s'])
        if self._work is not None:
            self._work.adopt()


def main(args: Sequence[str] | None = None, namespaces: Sequence[str] = ()) -> int:
    """Run nodes until they are told to stop; return the exit code.

    Args:
        args: Command line with ROS arguments; None takes the process's own.
        namespaces: One node in each, all in this process; one as args say where there is none.

    Raises:
        EventsamError: A parameter or a namespace that was given cannot be.
    """
    # Each packet needs the interpreter a few times; waiting 5 ms for it every time, as is the
    # default while the other threads compute, would let packets pile up.
    sys.setswitchinterval(SWITCH_S)
    # Its pictures are too small to share among threads that the network needs.
    cv2.setNumThreads(1)
    if not namespaces:
        return run(SegmentNode, args=args)
    return run(*(partial(SegmentNode, namespace=name) for name in namespaces), args=args)
