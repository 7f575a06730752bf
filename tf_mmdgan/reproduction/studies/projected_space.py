"""Data and samples as the projection of a ratio matching network has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import kernels
from tf_mmdgan.data.sets import ring
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy
from tf_mmdgan.reproduction.ring import draw_points
from tf_mmdgan.reproduction.studies import ring_training
from tf_mmdgan.reproduction.studies.ring_training import RingRun
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

STEPS, QUICK_STEPS = (0, 500, 2000, 8000), (0, 100, 300, 500)
_POINTS, _DRAWN = 400, 200
# The projection chooses its scale, which bandwidths must follow.
_RELATIVE = KernelDiscrepancy(
    kernels.Gaussian((0.5,)), root=False, median_bandwidth=True
)


def train(steps: tuple[int, ...]) -> list[dict[str, Any]]:
    """Data and samples in space and behind the projection, at these steps."""
    cell = RingRun("GRAM-net", dimension=3, outputs=2)
    model = cell.model()
    real = ring.ring3d(_POINTS, 1)
    assert model.critic is not None
    shots, done = [], 0
    for step in steps:
        if step > done:
            ring_training.fit(model, step - done)
        done = step
        fake = draw_points(model, _POINTS)
        u, v = (model.critic(x)["features"].numpy() for x in (real, fake))
        shots.append(
            {
                "step": step,
                "fake": np.round(fake, 3),
                "u": np.round(u, 3),
                "v": np.round(v, 3),
                "mmd2": float(_RELATIVE(u, v)),
                "reach": float(np.abs(u).max()),
            }
        )
    return shots


def compute(budget: Budget, parts: Parts) -> dict[str, Any]:
    """Four snapshots of one training run."""
    steps = budget.steps(STEPS, QUICK_STEPS)
    shots = parts.get(f"steps {steps}", train, steps)
    for shot in shots:
        shot |= {name: shot[name][:_DRAWN] for name in ("fake", "u", "v")}
    return {"shots": shots, "real": np.round(ring.ring3d(_DRAWN, 1), 3)}


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether the laws come together while the projection grows."""
    first, *_, last = numbers["shots"]
    return last["mmd2"] < 0.2 * first["mmd2"] and (
        last["reach"] > 3.0 * first["reach"]
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Above in space, below behind the projection."""
    shots = numbers["shots"]
    real = np.transpose(numbers["real"])
    for column, shot in enumerate(shots, 1):
        above = figure.add_subplot(2, len(shots), column, projection="3d")
        below = figure.add_subplot(2, len(shots), len(shots) + column)
        above.scatter(*real, s=2, lw=0, label="data")
        above.scatter(*np.transpose(shot["fake"]), s=2, lw=0, label="samples")
        above.set_title(f"step {shot['step']:,}", fontsize=9)
        above.tick_params(labelsize=5, pad=-3)
        above.set(xlim=(-2, 2), ylim=(-2, 2), zlim=(-2, 2))
        below.scatter(*np.transpose(shot["u"]), s=2, lw=0)
        below.scatter(*np.transpose(shot["v"]), s=2, lw=0)
        below.tick_params(labelsize=6)
        below.set_xlabel("first output", fontsize=7)
    below = figure.axes[1]
    below.set_ylabel("second output", fontsize=7)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, markerscale=5
    )


def caption(numbers: Mapping[str, Any]) -> str:
    """The numbers that decide."""
    rows = "; ".join(
        f"step {shot['step']:,}: {shot['mmd2']:.3f} and {shot['reach']:.2g}"
        for shot in numbers["shots"]
    )
    return (
        "Data and samples of the tilted ring in space, and behind the "
        "projection to two outputs. MMD^2 of the projected points, with half "
        f"the median distance as bandwidth, and the largest output: {rows}. "
        "The projection grows, though the bandwidth that it is trained with "
        "is fixed."
    )


STUDY: Study = Study(
    title="The space that a ratio matching network compares in",
    claim=(
        "In the learnt projection, samples come to lie on the data, in "
        "clusters that the projection spreads far apart."
    ),
    source=(
        "Srivastava, Xu, Gutmann, Sutton 2020, Generative ratio matching "
        "networks, the illustration of training."
    ),
    threshold=(
        "from first to last snapshot MMD^2 of the projected points falls below "
        "a fifth, and the largest output grows more than threefold."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.6),
)
