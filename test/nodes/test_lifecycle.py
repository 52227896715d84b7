# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Every legal order of transitions, every illegal one, and what happens when one fails."""

from __future__ import annotations

import shutil
import time

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

SUCCESS, FAILURE, ERROR = (
    TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.ERROR)
IDS = {'configure': Transition.TRANSITION_CONFIGURE, 'activate': Transition.TRANSITION_ACTIVATE,
       'deactivate': Transition.TRANSITION_DEACTIVATE, 'cleanup': Transition.TRANSITION_CLEANUP}
LEGAL = {'unconfigured': {'configure': 'inactive'},
         'inactive': {'activate': 'active', 'cleanup': 'unconfigured'},
         'active': {'deactivate': 'inactive'}}


def walks(state, steps):
    """Return every legal order of so many transitions."""
    if steps == 0:
        return [[]]
    return [[name, *rest] for name, after in LEGAL[state].items()
            for rest in walks(after, steps - 1)]


def request(bench, name):
    client = bench.other.create_client(ChangeState, 'segment_node/change_state')
    assert client.wait_for_service(5)
    future = client.call_async(ChangeState.Request(transition=Transition(id=IDS[name])))
    bench.graph.wait_for(future.done)
    bench.other.destroy_client(client)
    return future.result().success


@pytest.mark.parametrize('walk', walks('unconfigured', 6), ids='-'.join)
def test_every_legal_order_works_twice(make_bench, tiny_bundle, walk):
    bench = make_bench(tiny_bundle)
    for _ in range(2):
        state = 'unconfigured'
        for name in walk:
            assert request(bench, name), name
            state = LEGAL[state][name]
            assert bench.state() == state
            if state == 'active':
                bench.meet()
                bench.goes_on()
            elif name == 'deactivate':
                silent = len(bench.masks)
                bench.play(12)
                time.sleep(0.1)
                assert len(bench.masks) == silent
            elif name == 'cleanup':
                bench.graph.wait_for(
                    lambda: bench.other.count_publishers('segment_node/mask') == 0)
        for name in {'active': ('deactivate', 'cleanup'), 'inactive': ('cleanup',)}.get(state, ()):
            assert request(bench, name)


@pytest.mark.parametrize('state', LEGAL)
def test_what_is_not_legal_is_refused_and_changes_nothing(make_bench, tiny_bundle, state):
    bench = make_bench(tiny_bundle)
    for name in {'unconfigured': (), 'inactive': ('configure',),
                 'active': ('configure', 'activate')}[state]:
        assert request(bench, name)
    for name in IDS.keys() - LEGAL[state].keys():
        assert not request(bench, name)
        assert bench.state() == state
    if state == 'active':
        bench.goes_on()


@pytest.mark.parametrize('state', LEGAL)
def test_shutdown_comes_from_every_state_and_is_the_end(make_bench, tiny_bundle, state):
    bench = make_bench(tiny_bundle)
    for name in {'unconfigured': (), 'inactive': ('configure',),
                 'active': ('configure', 'activate')}[state]:
        assert request(bench, name)
    assert bench.node.trigger_shutdown() == SUCCESS
    assert bench.state() == 'finalized'
    assert not request(bench, 'configure')
    bench.graph.wait_for(lambda: bench.other.count_publishers('segment_node/mask') == 0)


def test_autostart_leaves_the_node_active(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, autostart=True)
    assert bench.state() == 'active'
    bench.meet()
    bench.goes_on()


def broken(folder, what):
    if what == 'sum':
        data = bytearray((folder / 'decoder.onnx').read_bytes())
        data[100] ^= 1
        (folder / 'decoder.onnx').write_bytes(bytes(data))
    elif what == 'file':
        (folder / 'encoder.onnx').unlink()
    elif what == 'manifest':
        (folder / 'bundle.yaml').write_text('format_version: 99\n')
    else:
        shutil.rmtree(folder)


@pytest.mark.parametrize(('what', 'text'), [
    ('folder', 'there is no bundle at'), ('sum', 'decoder.onnx'), ('file', 'encoder.onnx'),
    ('manifest', 'bundle.yaml')])
def test_configure_fails_with_a_sentence_and_can_be_tried_again(
        make_bench, tiny_bundle, tmp_path, what, text):
    folder = tmp_path / 'bundle'
    shutil.copytree(tiny_bundle, folder)
    broken(folder, what)
    bench = make_bench(folder)
    assert bench.node.trigger_configure() == FAILURE
    assert bench.state() == 'unconfigured'
    for _ in range(2):  # it does not go away by itself
        bench.fresh()
        assert bench.level_is(DiagnosticStatus.ERROR, 'cannot configure: ')
    assert text in bench.diagnostics[-1].status[0].message
    assert bench.set('bundle', str(tiny_bundle)).successful
    bench.activate()
    bench.goes_on()
    bench.reports(DiagnosticStatus.OK, 'segmenting')


def test_an_activation_that_fails_is_an_error_from_which_the_node_recovers(
        make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle)
    assert request(bench, 'configure')
    # As where the system has no thread left; everything before it has been made by then.
    with monkeypatch.context() as patch:
        patch.setattr('threading.Thread.start', no_thread)
        assert bench.node.trigger_activate() == ERROR
    assert bench.state() == 'unconfigured'
    bench.reports(DiagnosticStatus.ERROR, "cannot activate: RuntimeError(\"can't start new")
    bench.graph.wait_for(lambda: bench.other.count_publishers('segment_node/mask') == 0)
    assert bench.other.count_subscribers('events') == 0
    bench.activate()
    bench.goes_on()
    bench.reports(DiagnosticStatus.OK, 'segmenting')


def no_thread(_self):
    raise RuntimeError("can't start new thread")


def test_what_cannot_be_freed_is_given_up_and_the_node_recovers(
        make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle).activate()
    pipeline = bench.node._work.pipeline
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, 'stop', no_end)
        assert bench.node.trigger_deactivate() == ERROR
    pipeline.stop()
    assert bench.state() == 'unconfigured'
    bench.reports(DiagnosticStatus.ERROR, "cannot deactivate: RuntimeError('it does not end')")
    assert bench.node.trigger_configure() == SUCCESS
    with monkeypatch.context() as patch:
        patch.setattr(bench.node._opened.network, 'close', no_end)
        assert bench.node.trigger_cleanup() == ERROR
    assert bench.state() == 'unconfigured'
    bench.reports(DiagnosticStatus.ERROR, 'cannot clean up')
    bench.activate()
    bench.goes_on()


def test_a_node_that_cannot_recover_is_finalized_and_says_so(
        make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle).activate()
    with monkeypatch.context() as patch:
        patch.setattr(bench.node, '_free', no_end)
        patch.setattr(bench.node, '_stop', no_end)
        assert bench.node.trigger_deactivate() == ERROR
    assert bench.state() == 'finalized'
    bench.reports(DiagnosticStatus.ERROR, 'cannot recover: RuntimeError')


def test_a_shutdown_that_fails_goes_through_on_error(make_bench, tiny_bundle, monkeypatch):
    bench = make_bench(tiny_bundle)
    with monkeypatch.context() as patch:
        patch.setattr(bench.node, '_stop', no_end)
        assert bench.node.trigger_shutdown() == ERROR
    assert bench.state() == 'finalized'


def no_end():
    raise RuntimeError('it does not end')


def test_event_arrays_have_no_triggers(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, **{'window.policy': 'trigger'})
    refused = bench.set('events_type', 'dvs_msgs')
    assert refused.reason.startswith('window.policy trigger needs events_type event_camera_msgs')


def test_parameters_that_are_fixed_while_configured_change_after_cleanup(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle).activate()
    assert 'call cleanup first' in bench.set('window.duration_ms', 20.0).reason
    for transition in (bench.node.trigger_deactivate, bench.node.trigger_cleanup):
        assert transition() == SUCCESS
    assert bench.set('window.duration_ms', 20.0).successful
    bench.activate()
    bench.goes_on()
    stamps = sorted({m.header.stamp.nanosec for m in bench.masks[-3:]})
    assert bench.node.get_parameter('window.duration_ms').value == 20.0
    assert len(stamps) >= 2


def test_nothing_changes_where_one_of_several_parameters_is_refused(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle).activate()
    result = bench.node.set_parameters_atomically([
        Parameter('automatic.pred_iou', value=0.9), Parameter('bundle', value='/elsewhere')])
    assert not result.successful
    assert bench.node.get_parameter('automatic.pred_iou').value == 0.45
    assert bench.node._values['automatic.pred_iou'] == 0.45
    assert bench.node._opened.network.options.pred_iou == 0.45


def test_build_only_goes_no_further_than_configure(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, build_only=True)
    assert request(bench, 'configure')
    assert bench.state() == 'inactive'
    assert not request(bench, 'activate')
    assert bench.state() == 'inactive'
    bench.reports(DiagnosticStatus.ERROR, 'set build_only to false and configure again')
    assert request(bench, 'cleanup')
    bench.node.set_parameters([Parameter('build_only', value=False)])
    assert request(bench, 'configure')
    assert request(bench, 'activate')
    bench.meet()
    bench.goes_on()


def test_build_only_with_autostart_stays_inactive(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, build_only=True, autostart=True)
    assert bench.state() == 'inactive'


def test_an_engine_that_was_named_and_cannot_be_fails_configure(make_bench, tiny_bundle):
    bench = make_bench(tiny_bundle, engine='onnxruntime_cuda')
    assert not request(bench, 'configure')
    assert bench.state() == 'unconfigured'
    bench.reports(DiagnosticStatus.ERROR, 'install onnxruntime-gpu')
