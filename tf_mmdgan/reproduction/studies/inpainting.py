"""Several good ways to complete an image: least squares takes their mean.

A function with two branches, learnt by least squares and by an MMD of the joint
law; and the lower halves of garments, from their upper halves.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import data, kernels, mmd
from tf_mmdgan.config import DataConfig
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.metrics import kid
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_NOISE = 0.05
_NEAR = 3 * _NOISE
_BATCH = 200
_NEIGHBOURS = 10
_KNOWN = 10_000
_KERNEL = kernels.Gaussian((0.05, 0.1, 0.2, 0.5, 1.0))


def branches(x: np.ndarray) -> np.ndarray:
    """The two means that y may have at x [n]: [n, 2]."""
    upper = 0.5 + 0.3 * np.cos(3.0 * x)
    return np.stack([upper, -upper], axis=1)


def pairs(count: int, rng: np.random.Generator) -> np.ndarray:
    """Pairs (x, y), x uniform, y on either branch: float32 [count, 2]."""
    x = rng.uniform(-1.0, 1.0, count)
    y = branches(x)[np.arange(count), rng.integers(2, size=count)]
    y += _NOISE * rng.normal(size=count)
    return np.stack([x, y], axis=1).astype(np.float32)


def least_squares(given: tf.Tensor, guess: tf.Tensor) -> tf.Tensor:
    """Mean squared error of y in pairs (x, y)."""
    return tf.reduce_mean((given[:, 1] - guess[:, 1]) ** 2)


def joint_mmd(given: tf.Tensor, guess: tf.Tensor) -> tf.Tensor:
    """Squared MMD of pairs (x, y), without bias."""
    return mmd.mmd2_unbiased(mmd.gram_matrices(_KERNEL, given, guess))


LOSSES: dict[str, Callable[..., tf.Tensor]] = {
    "least squares": least_squares,
    "MMD": joint_mmd,
}


def train(loss: str, seed: int, steps: int) -> np.ndarray:
    """Trains a network of x and noise; pairs of new x and its y: [500, 2]."""
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(1),
        ]
    )
    optimizer = keras.optimizers.Adam(3e-3)
    optimizer.build(network.trainable_variables)

    def answer(x: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        return tf.concat([x, network(tf.concat([x, noise], 1))], 1)

    @tf.function
    def step(given: tf.Tensor, noise: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            value = LOSSES[loss](given, answer(given[:, :1], noise))
        gradients = tape.gradient(value, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)

    rng = np.random.default_rng(seed)
    for _ in range(steps):
        noise = rng.normal(size=(_BATCH, 1)).astype(np.float32)
        step(tf.constant(pairs(_BATCH, rng)), tf.constant(noise))
    x = pairs(500, rng)[:, :1]
    noise = rng.normal(size=x.shape).astype(np.float32)
    return answer(tf.constant(x), tf.constant(noise)).numpy()


def near_a_branch(points: np.ndarray) -> float:
    """Share of pairs within three standard deviations of a branch."""
    distances = np.abs(points[:, 1:] - branches(points[:, 0]))
    return float((distances.min(axis=1) < _NEAR).mean())


def fill(upper: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    """Lower halves, each the mean of those of the most similar images.

    Args:
      upper: upper halves to complete, [n, h / 2, w].
      known: whole images, [m, h, w].
      count: number of images whose mean is taken, those with the nearest upper
        halves.
    """
    half = upper.shape[1]
    asked, pool = (x.reshape(len(x), -1) for x in (upper, known[:, :half]))
    squares = kernels.squared_distances(np.float64(asked), np.float64(pool))
    nearest = np.argsort(squares.numpy(), axis=1)[:, :count]
    return known[nearest, half:].mean(axis=1)


def _garments(count: int) -> dict[str, Any]:
    """Completed garments by both rules: pixel error, KID, pictures."""
    garments = DataConfig(dataset="fashion_mnist")
    known = data.load(garments, "train").images[:_KNOWN, ..., 0]
    held_out = data.load(garments, "test").images[..., 0]
    whole, others = held_out[:count], held_out[count : 2 * count]
    half = whole.shape[1] // 2
    extractor = get_extractor("lenet_fashion_mnist")

    def features(images: np.ndarray) -> np.ndarray:
        pixels = np.uint8(np.rint(images))[..., None]
        return extract(extractor, pixels).features

    known, truth = np.float32(known), np.float32(whole)
    real, found = features(others), {}
    for name, neighbours in (("mean", _NEIGHBOURS), ("one of them", 1)):
        lower = fill(truth[:, :half], known, neighbours)
        filled = np.concatenate([truth[:, :half], lower], axis=1)
        score = kid.kid(real, features(filled), "exact")
        found[name] = {
            "error": np.sqrt(((filled - truth) ** 2).mean()),
            "kid": (score.mean, score.standard_error),
            "pictures": np.rint(filled[:8, ::2, ::2]).astype(int),
        }
    return {"truth": whole[:8, ::2, ::2], "rules": found}


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Both networks, and both ways to complete garments."""
    steps, seed = budget.steps(2000, 300), budget.seeds[0]
    answers = {
        loss: np.array(
            parts.get(f"{loss}, seed {seed}, {steps}", train, loss, seed, steps)
        )
        for loss in LOSSES
    }
    return {
        "answers": {n: np.round(p[:250], 3) for n, p in answers.items()},
        "near": {n: near_a_branch(p) for n, p in answers.items()},
        "garments": _garments(budget.steps(5000, 200)),
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Means are on no branch and have the larger KID; single answers not."""
    rules = numbers["garments"]["rules"]
    mean, one = rules["mean"], rules["one of them"]
    return bool(
        numbers["near"]["least squares"] < 0.1
        and numbers["near"]["MMD"] > 0.8
        and mean["error"] < one["error"]
        and mean["kid"][0] - one["kid"][0] > 4.0 * mean["kid"][1]
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Answers of both networks, over completed digits."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.3, 1])
    x = np.linspace(-1, 1, 101)
    for axes, (name, points) in zip(
        top.subplots(1, 2, sharey=True), numbers["answers"].items(), strict=True
    ):
        axes.plot(x, branches(x), "k--", lw=1)
        axes.plot(*np.array(points).T, ".", ms=3)
        axes.set(
            title=f"{name}: {100 * numbers['near'][name]:.0f} % of answers on "
            "a branch",
            xlabel="x, given", ylabel="y, completed",
            xticks=[-1.0, -0.5, 0.0, 0.5, 1.0],
        )  # fmt: skip
    garments = numbers["garments"]
    rows = [("garments", garments["truth"])]
    for name, rule in garments["rules"].items():
        title = (
            f"lower half: {name} (r.m.s. error {rule['error']:.0f} of 255, "
            f"KID {rule['kid'][0]:.1f})"
        )
        rows.append((title, rule["pictures"]))
    for axes, (title, images) in zip(bottom.subplots(3, 1), rows, strict=True):
        sheet = np.concatenate(list(np.array(images)), axis=1)
        axes.imshow(sheet, cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=8)


def caption(numbers: Mapping[str, Any]) -> str:
    """The shares, errors and scores."""
    near, rules = numbers["near"], numbers["garments"]["rules"]
    mean, one = rules["mean"], rules["one of them"]
    return (
        f"Of the answers by least squares {100 * near['least squares']:.0f} % "
        f"are on a branch, of those by MMD {100 * near['MMD']:.0f} %. Lower "
        "halves of garments that are the mean of "
        f"{_NEIGHBOURS} candidates have a root mean squared error of "
        f"{mean['error']:.0f} levels of 255 and a KID of "
        f"{mean['kid'][0]:.1f} (s.e. {mean['kid'][1]:.1f}); one of the "
        f"candidates has {one['error']:.0f} levels and a KID of "
        f"{one['kid'][0]:.1f} ({one['kid'][1]:.1f})."
    )


STUDY: Study = Study(
    title="Completing what is missing: the mean, or a mode",
    claim=(
        "Least squares answers with the mean of all good answers, which is no "
        "good one; a model that matches distributions picks one."
    ),
    source=(
        "Gretton, introduction to GANs, lecture notes 2019, on inpainting; the "
        "examples are made here."
    ),
    threshold=(
        "less than a tenth of the answers by least squares and more than 80 % "
        "of those by MMD are within three standard deviations of a branch; the "
        "mean of candidates for half a garment has the smaller pixel error, "
        "and the larger KID by more than four standard errors."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 6.0),
)
