"""Fields of the players' gradients: MMD, MMD with a penalty, scaled MMD.

P is a point at 0, the generator a point at theta, the critic's feature psi x
under a Gaussian kernel: Arbel, Sutherland, Binkowski, Gretton 2018, "On
gradient regularizers for MMD GANs", sections 1 and 3,
https://arxiv.org/abs/1805.11565.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

STARTS = ((1.0, 1.0), (5.0, 0.1), (0.5, 5.0))
RATE = 0.05
STEPS = 4000
_REACHED = 0.1
_STUCK = 0.3
_OFFSET = 1.0  # lambda of the scale
_PENALTY = 1.0  # weight of the penalty
# Between the point of the data and that of the generator, on [0, 1].
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0
_IMAGINARY_STEP = 1e-20

FieldLoss = Callable[[Any, Any], Any]


def mmd2(theta: Any, psi: Any) -> Any:
    """Squared MMD of the points 0 and theta, kernel exp(-psi^2 d^2 / 2)."""
    return 2.0 * (1.0 - np.exp(-((psi * theta) ** 2) / 2.0))


def scaled_mmd2(theta: Any, psi: Any) -> Any:
    """MMD^2 / (lambda + k(x, x) + trace of its derivatives, psi^2)."""
    return mmd2(theta, psi) / (_OFFSET + 1.0 + psi**2)


def penalized_mmd2(theta: Any, psi: Any) -> Any:
    """MMD^2 - weight E (|slope of the witness| - 1)^2, between the points."""
    theta, psi = np.asarray(theta)[..., None], np.asarray(psi)[..., None]
    x = _NODES * theta
    near, far = psi * x, psi * (x - theta)
    slope = psi * (far * np.exp(-(far**2) / 2) - near * np.exp(-(near**2) / 2))
    size = np.where(slope.real < 0, -slope, slope)
    penalty = ((size - 1.0) ** 2) @ _WEIGHTS
    return mmd2(theta[..., 0], psi[..., 0]) - _PENALTY * penalty


# What critic and generator play for.
DISTANCES: dict[str, tuple[FieldLoss, FieldLoss]] = {
    "MMD": (mmd2, mmd2),
    "MMD, gradient penalty": (penalized_mmd2, mmd2),
    "scaled MMD": (scaled_mmd2, scaled_mmd2),
}


def descent(name: str, theta: Any, psi: Any) -> Any:
    """The generator's direction, minus the derivative of its distance.

    By a step into the imaginary, which is exact to rounding.
    """
    _, generator = DISTANCES[name]
    step = 1j * _IMAGINARY_STEP
    return -generator(theta + step, psi).imag / _IMAGINARY_STEP


def ascent(name: str, theta: Any, psi: Any) -> Any:
    """The critic's direction, the derivative of its distance."""
    critic, _ = DISTANCES[name]
    step = 1j * _IMAGINARY_STEP
    return critic(theta, psi + step).imag / _IMAGINARY_STEP


def flow(name: str, starts: np.ndarray) -> np.ndarray:
    """Alternating steps, critic first, from [n, 2]: [STEPS + 1, n, 2]."""
    theta, psi = starts.T.astype(float)
    points = [(theta, psi)]
    for _ in range(STEPS):
        psi = psi + RATE * ascent(name, theta, psi)
        theta = theta + RATE * descent(name, theta, psi)
        points.append((theta, psi))
    return np.moveaxis(np.array(points), 1, 2)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Flows from three starts, and from a grid of them."""
    del parts
    count = budget.steps(10, 5)
    axes = [np.linspace(0.25, 5.0, count), np.geomspace(0.1, 5.0, count)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    numbers = {}
    for name in DISTANCES:
        paths = flow(name, np.array(STARTS))
        ends = flow(name, grid)[-1, :, 0]
        numbers[name] = {
            "paths": np.round(np.moveaxis(paths[::20], 1, 0), 4),
            "ends": paths[-1, :, 0],
            "share_of_grid": np.mean(np.abs(ends) < _REACHED),
        }
    return numbers


def holds(numbers: Mapping[str, Any]) -> bool:
    """Scaled MMD arrives from everywhere, each of the others is stuck once."""
    scaled = numbers["scaled MMD"]
    others = [numbers[n] for n in DISTANCES if n != "scaled MMD"]
    return (
        max(map(abs, scaled["ends"])) < _REACHED
        and scaled["share_of_grid"] == 1.0
        and all(max(map(abs, other["ends"])) > _STUCK for other in others)
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Directions and lengths of each field, and the three flows."""
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    theta, psi = np.meshgrid(np.linspace(-2, 6, 17), np.linspace(-0.5, 6, 14))
    for axes, name in zip(panels, DISTANCES, strict=True):
        u, v = descent(name, theta, psi), ascent(name, theta, psi)
        length = np.hypot(u, v)
        mesh = axes.quiver(
            theta, psi, u / (length + 1e-12), v / (length + 1e-12),
            np.log10(length + 1e-6), scale=24, width=0.006, clim=(-4, 0.5),
            cmap="cividis_r",
        )  # fmt: skip
        for path, start in zip(numbers[name]["paths"], STARTS, strict=True):
            axes.plot(*np.array(path).T, "C1", lw=1.5)
            axes.plot(*start, "ko", ms=4)
            axes.plot(*path[-1], "C1X", ms=8, mec="k")
        axes.axvline(0, color="0.6", lw=0.8)
        share = numbers[name]["share_of_grid"]
        title = f"{name}\n{100 * share:.0f} % of a grid of starts reach θ = 0"
        axes.set_title(title, fontsize=9)
        axes.set(xlabel="θ of the generator", xlim=(-2, 6), ylim=(-0.5, 6))
    panels[0].set_ylabel("ψ of the critic")
    bar = figure.colorbar(mesh, ax=panels, location="bottom", aspect=60)
    bar.set_label("log10 of the gradient's length")


def caption(numbers: Mapping[str, Any]) -> str:
    """Where the flows end."""
    ends = "; ".join(
        f"{name} {', '.join(f'{end:.3f}' for end in numbers[name]['ends'])}"
        for name in DISTANCES
    )
    starts = ", ".join(f"({theta:g}, {psi:g})" for theta, psi in STARTS)
    return (
        f"Flows from (θ, ψ) = {starts} end at θ = {ends}. Far from the data or "
        "with a steep critic the MMD has almost no gradient; the penalty moves "
        "the critic, but not always to where the generator has one."
    )


STUDY: Study = Study(
    title="Gradient fields of MMD, of its gradient penalty, and of scaled MMD",
    claim=(
        "On two points, a generator trained by an MMD with an adversarial "
        "kernel is stuck where the critic is steep or flat, and a gradient "
        "penalty does not mend that; trained by the scaled MMD it converges."
    ),
    source=(
        "Arbel, Sutherland, Binkowski, Gretton 2018, On gradient regularizers "
        "for MMD GANs, section 3 and figure 1; Sutherland and Gretton, slides "
        "of the Gaussian Process Summer School 2018."
    ),
    threshold=(
        f"after {STEPS} alternating steps, scaled MMD is within {_REACHED} of "
        "the data from all starts; MMD and MMD with a penalty are farther than "
        f"{_STUCK} from at least one of the three."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.2),
)
