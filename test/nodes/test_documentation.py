# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the documents say of the node is what the node is."""

from __future__ import annotations

from pathlib import Path
import re

import pytest
import rclpy
from rclpy.parameter import Parameter

from eventsam_ros.nodes import documentation, topics
from eventsam_ros.nodes.diagnostics import BY_POLICY
from eventsam_ros.nodes.keys import explained_keys
from eventsam_ros.nodes.segment_node import SegmentNode
from eventsam_ros.nodes.tasks import DROPS

ROOT = Path(__file__).resolve().parents[2]


def test_the_tables_are_those_of_the_code():
    text = (ROOT / documentation.INTERFACE).read_text('utf-8')
    assert documentation.interface(text) == text


def test_a_table_without_a_place_is_told():
    with pytest.raises(ValueError, match='one place for the table topics'):
        documentation.interface('nothing')


@pytest.mark.parametrize('name', documentation.FILES)
def test_the_parameter_files_are_those_of_the_code(name):
    text = (ROOT / documentation.CONFIG / name).read_text('utf-8')
    assert documentation.config(name) == text


def test_everything_that_is_dropped_is_explained():
    assert len(set(DROPS)) == len(DROPS)
    assert set(BY_POLICY) < set(DROPS)
    assert all(f'dropped.{name}' in explained_keys(DROPS) for name in DROPS)


def test_topics_and_services_of_an_active_node_are_those_of_the_tables(graph, tiny_bundle):
    node = graph.add(SegmentNode(namespace='here', parameter_overrides=[
        Parameter('bundle', value=str(tiny_bundle)), Parameter('autostart', value=True),
        Parameter('window.policy', value='frame')]))
    other = graph.add(rclpy.create_node('other'))

    def full(names):
        return {n.replace('~', '/here/segment_node') if n[0] in '~/' else f'/here/{n}'
                for n in names}

    def theirs(look):
        found = {}
        for topic, kinds in look('segment_node', '/here'):
            if not topic.endswith(('/rosout', '/parameter_events', '/transition_event', '/clock')):
                found[topic] = kinds[0].replace('/msg/', '/')
        return found
    outputs = {n: t.type for t in topics.outputs_of('events') for n in full([t.name])}
    graph.wait_for(lambda: theirs(other.get_publisher_names_and_types_by_node) == outputs)
    inputs = {n: t.type for t in topics.INPUTS if t is not topics.TRIGGERS and 'events' in t.tasks
              for n in full([t.name])}
    graph.wait_for(lambda: theirs(other.get_subscriber_names_and_types_by_node) == inputs)
    services = {n for n, _ in other.get_service_names_and_types_by_node('segment_node', '/here')}
    assert full(topics.SERVICES) <= services
    absolute = [t.name for t in (*topics.INPUTS, *topics.OUTPUTS) if t.name.startswith('/')]
    assert absolute == ['/diagnostics']
    assert node.get_namespace() == '/here'


def test_the_table_of_faults_names_tests_that_exist_and_counters_of_the_code():
    text = (ROOT / 'docs' / 'faults.md').read_text('utf-8')
    named = set(re.findall(r'`(test_\w+\.py)::(test_\w+)`', text))
    assert len(named) == text.count('::')
    existing = {(path.name, name) for path in (ROOT / 'test' / 'nodes').glob('test_*.py')
                for name in re.findall(r'^def (test_\w+)', path.read_text('utf-8'), re.MULTILINE)}
    assert named - existing == set()
    faults = {pair for pair in existing if pair[0] == 'test_faults.py'}
    assert faults - named == set()
    counters = {name.removeprefix('dropped.') for name in re.findall(r'`(dropped\.\w+)`', text)}
    assert counters <= set(DROPS)
    assert {'packets_lost', 'windows_superseded'} < counters
