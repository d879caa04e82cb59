"""sflowovsd sleeps while nothing happens."""

from testbed import add_bridge, bridge_state, publish, settings, sflow_of, wait_for


def test_it_uses_no_cpu_between_events(ovs):
    add_bridge("br0")
    publish(settings())
    daemon = ovs.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    wait_for(lambda: bridge_state("br0") == "sampled", "it is at rest")
    daemon.expect_rest(30)
