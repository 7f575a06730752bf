"""The Dirac-GAN: which ways of training a GAN converge on one point.

P is a point at 0, the generator a point at theta, the critic D(x) = psi x.
Mescheder, Geiger, Nowozin 2018, "Which training methods for GANs do actually
converge?", sections 2 and 3, https://arxiv.org/abs/1801.04406.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

START = (1.0, 1.0)
RATE = 0.2
STEPS = 500
_DRAWN = 130  # steps
_CONVERGED = 0.05
_NOT_CONVERGED = 0.1
# Critic updates, each followed by what the generator does.
SCHEMES = {"simultaneous": 0, "alternating 1:1": 1, "alternating 5:1": 5}
_GP_WEIGHT, _GP_TARGET = 0.7, 1.0
_NOISE = 0.7  # standard deviation
# E g(s Z) = sum w g(s z), Z ~ N(0, 1)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()

Field = Callable[[Any, Any], tuple[Any, Any]]


def slope(x: Any) -> Any:
    """f'(x) of f(x) = -log(1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(x))


def gan(theta: Any, psi: Any) -> tuple[Any, Any]:
    """Steps of generator and critic in the minimax game f(psi theta) + f(0)."""
    value = slope(psi * theta)
    return -psi * value, theta * value


def non_saturating(theta: Any, psi: Any) -> tuple[Any, Any]:
    """The same where the generator maximises f(-psi theta)."""
    return -psi * slope(-psi * theta), theta * slope(psi * theta)


def wgan(theta: Any, psi: Any) -> tuple[Any, Any]:
    """Steps in the game psi theta; the critic's slope is clipped afterwards."""
    return -psi, theta


def gradient_penalty(theta: Any, psi: Any) -> tuple[Any, Any]:
    """WGAN-GP: the critic's gain is less weight / 2 (|psi| - target)^2."""
    penalty = _GP_WEIGHT * (np.abs(psi) - _GP_TARGET) * np.sign(psi)
    return -psi, theta - penalty


def instance_noise(theta: Any, psi: Any) -> tuple[Any, Any]:
    """The minimax game with normal noise on both points."""
    theta, psi = np.asarray(theta)[..., None], np.asarray(psi)[..., None]
    noise = _NOISE * _NODES
    fake = theta + noise
    on_fake = slope(psi * fake)
    critic = fake * on_fake - noise * slope(-psi * noise)
    return (-psi * on_fake) @ _WEIGHTS, critic @ _WEIGHTS


def r1(weight: float) -> Field:
    """The minimax game, where the critic's gain is less weight / 2 psi^2."""

    def field(theta: Any, psi: Any) -> tuple[Any, Any]:
        generator, critic = gan(theta, psi)
        return generator, critic - weight * psi

    return field


def consensus(theta: Any, psi: Any) -> tuple[Any, Any]:
    """The minimax game, where both players' gains are less |field|^2 / 2."""
    generator, critic = gan(theta, psi)
    value = slope(psi * theta)
    # d/dx f'(x)^2 / 2 = -f'(x)^2 f'(-x)
    bend = -(theta**2 + psi**2) * value**2 * slope(-psi * theta)
    return (
        generator - (theta * value**2 + bend * psi),
        critic - (psi * value**2 + bend * theta),
    )


# Name, field, bound on |psi|, and whether training is said to converge.
VARIANTS: dict[str, tuple[Field, float, bool]] = {
    "GAN": (gan, np.inf, False),
    "GAN, non-saturating": (non_saturating, np.inf, False),
    "WGAN, clipped": (wgan, 1.0, False),
    "WGAN-GP": (gradient_penalty, np.inf, False),
    "GAN, instance noise": (instance_noise, np.inf, True),
    "GAN, R1 weight 0.3": (r1(0.3), np.inf, True),
    "GAN, R1 weight 1": (r1(1.0), np.inf, True),
    "consensus optimisation": (consensus, np.inf, True),
}


def trajectory(
    field: Field, bound: float, critic_steps: int, steps: int = STEPS
) -> np.ndarray:
    """Gradient steps of both players from START: [steps + 1, (theta, psi)].

    Args:
      field: of the two players.
      bound: on |psi|.
      critic_steps: before each step of the generator; 0: both players step at
        once.
      steps: of the generator.
    """
    theta, psi = START
    points = [(theta, psi)]
    for _ in range(steps):
        if critic_steps:
            for _ in range(critic_steps):
                psi = _clip(psi + RATE * field(theta, psi)[1], bound)
            theta = theta + RATE * field(theta, psi)[0]
        else:
            generator, critic = field(theta, psi)
            theta, psi = theta + RATE * generator, psi + RATE * critic
            psi = _clip(psi, bound)
        points.append((float(theta), float(psi)))
    return np.array(points)


def _clip(psi: float, bound: float) -> float:
    return min(max(psi, -bound), bound)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All trajectories, and how far from (0, 0) they end."""
    del budget, parts  # deterministic, and quick
    paths = {
        name: {
            scheme: trajectory(field, bound, critic_steps)
            for scheme, critic_steps in SCHEMES.items()
        }
        for name, (field, bound, _) in VARIANTS.items()
    }
    return {
        "paths": {
            name: {
                s: np.round(path[:_DRAWN], 3) for s, path in by_scheme.items()
            }
            for name, by_scheme in paths.items()
        },
        "ends": {
            name: {s: np.hypot(*path[-1]) for s, path in by_scheme.items()}
            for name, by_scheme in paths.items()
        },
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether those converge that should, with at most one critic update."""
    return all(
        (ends[scheme] < _CONVERGED) if converges else
        (ends[scheme] > _NOT_CONVERGED)
        for name, (_, _, converges) in VARIANTS.items()
        for ends in [numbers["ends"][name]]
        for scheme in ("simultaneous", "alternating 1:1")
    )  # fmt: skip


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """A panel for each variant: its field, and where the steps lead."""
    grid = figure.subplots(2, 4, sharex=True, sharey=True)
    theta, psi = np.meshgrid(*2 * [np.linspace(-1.8, 1.8, 10)])
    for axes, (name, (field, _, _)) in zip(
        grid.ravel(), VARIANTS.items(), strict=True
    ):
        axes.quiver(theta, psi, *field(theta, psi), color="0.75")
        for scheme, path in numbers["paths"][name].items():
            axes.plot(*np.array(path).T, lw=1.0, label=scheme)
        axes.plot(*START, "ko", ms=4)
        axes.plot(0, 0, "k+", ms=9)
        ends = " / ".join(
            f"{end:.2f}" for end in numbers["ends"][name].values()
        )
        axes.set_title(f"{name}\n{ends}", fontsize=8)
        axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
    for axes in grid[1]:
        axes.set_xlabel("θ of the generator")
    for axes in grid[:, 0]:
        axes.set_ylabel("ψ of the critic")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3,
        title="paths; above each panel, in this order, distances at the end",
    )  # fmt: skip


def caption(numbers: Mapping[str, Any]) -> str:
    """Where each ends."""
    rows = "; ".join(
        f"{name} {', '.join(f'{end:.2f}' for end in ends.values())}"
        for name, ends in numbers["ends"].items()
    )
    return (
        f"The first {_DRAWN} steps of each, from the dot to the equilibrium at "
        "the cross; over each panel the distance from it after all steps, with "
        "simultaneous, alternating 1:1 and alternating 5:1 updates: "
        f"{rows}. Five critic updates make consensus optimisation diverge, "
        "which the claim does not speak of."
    )


STUDY: Study = Study(
    title="The Dirac-GAN: what converges",
    claim=(
        "On one point, unregularised GANs, WGAN and WGAN-GP do not converge to "
        "the equilibrium; with instance noise, the R1 penalty or consensus "
        "optimisation they do."
    ),
    source=(
        "Mescheder, Geiger, Nowozin 2018, Which Training Methods for GANs do "
        "actually Converge?, sections 2 and 3."
    ),
    threshold=(
        f"after {STEPS} simultaneous, and after {STEPS} alternating steps, the "
        f"first four are farther than {_NOT_CONVERGED} from the equilibrium, "
        f"the other four nearer than {_CONVERGED}."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 5.2),
)
