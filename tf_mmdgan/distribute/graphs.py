"""What TensorFlow leaves open, keeps and counts of graphs."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2
from tensorflow.python.framework import ops

_CUSTOM = "CustomGradient-"
# A pair (input, output) of buffers: -2 is no input.
_OWN_BUFFER = attr_value_pb2.AttrValue(
    list=attr_value_pb2.AttrValue.ListValue(i=[-2, 0])
)
_TRUE = attr_value_pb2.AttrValue(b=True)


def traced(
    function: Callable[..., Any], autograph: bool = False
) -> Callable[..., Any]:
    """`tf.function` of a function that is written once and traced for many.

    TensorFlow warns of a function that is traced over and over, and counts by
    its code: a graph for each of five kernels, networks or runs passes for one
    graph that was traced five times. This one is counted by itself.

    Args:
      function: what is traced, anew only for other types and ranks, or for
        the second size of an axis.
      autograph: whether Python's own loops and branches in it are converted.
    """
    return tf.function(
        functools.partial(function),
        reduce_retracing=True,
        autograph=autograph,
    )


def order_sums() -> None:
    """Fixes the order of all sums of several tensors in the present graph.

    `AddN`, by which gradients are added up, writes into the buffer of an input
    that nothing else needs any more, and begins its sum there. Which one that
    is depends on what has run by then, in an order that TensorFlow chooses
    anew in each process. So sums of three or more tensors rounded one way or
    another, in deterministic mode too. With a buffer of its own, `AddN` takes
    its inputs as they come. The second attribute keeps the graph's optimizer
    from making new sums of these. Eagerly there is nothing to do.
    """
    if not tf.inside_function():
        return
    for operation in tf.compat.v1.get_default_graph().get_operations():
        if operation.type == "AddN":
            operation._set_attr("_forward_input", _OWN_BUFFER)
            operation._set_attr(
                "_grappler_ArithmeticOptimizer_AddOpsRewriteStage", _TRUE
            )


def forget_gradients() -> None:
    """Drops the custom gradients of the present graph from the registry.

    TensorFlow registers each call of a function with a gradient of its own,
    such as that of every exchange between replicas, under a new name, and with
    it keeps the graph as long as the process lives. A name is looked up only to
    differentiate through the graph from outside: call this function at the end
    of graphs through which nothing does that, such as a whole training step.
    What the graph calls by `tf.function` keeps its names, since others may call
    it too.
    """
    if not tf.inside_function():
        return
    definition = tf.compat.v1.get_default_graph().as_graph_def()
    bodies = {f.signature.name: f.node_def for f in definition.library.function}
    nodes = list(definition.node)
    for node in nodes:  # and those of loops and branches, as they are met
        name = node.attr["_gradient_op_type"].s.decode()
        if name.startswith(_CUSTOM):
            ops.gradient_registry._registry.pop(name, None)
        if "PartitionedCall" not in node.op:
            for value in node.attr.values():
                nodes += bodies.pop(value.func.name, ())


def repeat(times: int | tf.Tensor, act: Callable[[], Any]) -> None:
    """Does the same so many times, one after the other."""
    done = tf.zeros_like(times)

    def once(done):
        act()
        return (done + 1,)

    tf.while_loop(
        lambda done: done < times, once, (done,), parallel_iterations=1
    )
