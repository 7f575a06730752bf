"""Faults of samples that the Inception Score and FID miss, on real digits.

Barratt and Sharma 2018, "A note on the Inception Score",
https://arxiv.org/abs/1801.01973; Binkowski et al. 2018, "Demystifying MMD
GANs", section 4, https://arxiv.org/abs/1801.01401.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import data, metrics
from tf_mmdgan.config import DataConfig
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.metrics import fid, inception_score, kid
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_CLASSES = 10
_LEAST_KID = 10.0  # standard errors


def score(probabilities: np.ndarray) -> float:
    """The Inception Score, without splits."""
    return inception_score.inception_score(probabilities, 1).mean


def most_certain(probabilities: np.ndarray) -> np.ndarray:
    """For each class the row of the greatest probability: indices [k]."""
    return probabilities.argmax(axis=0)


def gaussian_with_moments_of(
    features: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """As many normal draws, whose mean and covariance are those of features.

    Exactly, not on average.
    """
    mean, covariance = metrics.Moments.of(features)
    draws = rng.normal(size=features.shape)
    draws -= draws.mean(axis=0)
    own = np.cov(draws, rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return mean + draws @ np.linalg.inv(np.linalg.cholesky(own)).T @ root.T


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Scores of digits, of ten of them, of one class, and of a Gaussian."""
    del parts
    extractor = get_extractor("lenet_digits")
    digits = DataConfig(dataset="digits")
    train, test = data.load(digits, "train"), data.load(digits, "test")
    seen = extract(extractor, train.images)
    held_out = extract(extractor, test.images)
    assert seen.probabilities is not None and train.labels is not None
    assert held_out.probabilities is not None
    chosen = most_certain(seen.probabilities)
    ten = np.repeat(seen.probabilities[chosen], 50, axis=0)
    of_class = [
        score(seen.probabilities[train.labels == k]) for k in range(_CLASSES)
    ]
    rng = np.random.default_rng(budget.seeds[0])
    features = np.float64(seen.features)
    fake = gaussian_with_moments_of(features, rng)
    found = kid.kid(features, fake, "exact")
    real = kid.kid(features, np.float64(held_out.features), "exact")
    return {
        "ten_images": train.images[chosen, :, :, 0],
        "inception_score": {
            "500 held-out digits": score(held_out.probabilities),
            "10 images, 50 times each": score(ten),
            "all images of one class, mean": np.mean(of_class),
        },
        "fid": {
            "Gaussian with their moments": fid.fid(features, fake),
            "held-out digits": fid.fid(features, held_out.features),
        },
        "kid": {
            "Gaussian with their moments": (found.mean, found.standard_error),
            "held-out digits": (real.mean, real.standard_error),
        },
        "first_features": {
            "digits": np.histogram(features[:, 0], 30, (-40, 60))[0],
            "Gaussian": np.histogram(fake[:, 0], 30, (-40, 60))[0],
        },
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """The three examples of the threshold."""
    scores = numbers["inception_score"]
    value, error = numbers["kid"]["Gaussian with their moments"]
    fids = numbers["fid"]
    return bool(
        scores["10 images, 50 times each"] > scores["500 held-out digits"]
        and scores["all images of one class, mean"] < 1.5
        and abs(fids["Gaussian with their moments"])
        < 1e-3 * fids["held-out digits"]
        and value > _LEAST_KID * error
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Scores as bars, with the ten images."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1])
    bars, pictures = top.subplots(1, 2, width_ratios=[1, 1.4])
    _bars(bars, numbers["inception_score"], "Inception Score (1 to 10)")
    images = np.pad(np.array(numbers["ten_images"]), [(0, 0), (1, 1), (1, 1)])
    sheet = np.concatenate(
        [
            np.concatenate(list(images[:5]), 1),
            np.concatenate(list(images[5:]), 1),
        ]
    )
    pictures.imshow(sheet, cmap="gray")
    pictures.set(title="The ten images", xticks=[], yticks=[])
    left, right = bottom.subplots(1, 2)
    _bars(left, numbers["fid"], "FID from the training digits")
    means = {name: mean for name, (mean, _) in numbers["kid"].items()}
    _bars(right, means, "KID from the training digits")
    right.set_yticks([])


def _bars(axes: Any, values: Mapping[str, float], title: str) -> None:
    places = -np.arange(len(values))
    axes.barh(
        places, list(values.values()), color=["C1", "C0", "C2"][: len(values)]
    )
    for place, value in zip(places, values.values(), strict=True):
        axes.annotate(
            f" {round(value, 2) + 0.0:.2f}",
            (max(value, 0.0), place),
            va="center",
        )
    axes.set_yticks(places, values)
    axes.set_title(title)
    axes.margins(x=0.2)


def caption(numbers: Mapping[str, Any]) -> str:
    """All scores."""
    scores = "; ".join(
        f"{name} {value:.2f}"
        for name, value in numbers["inception_score"].items()
    )
    kids = "; ".join(
        f"{name} {mean:.3f} (s.e. {error:.3f})"
        for name, (mean, error) in numbers["kid"].items()
    )
    fids = "; ".join(
        f"{n} {abs(value):.4f}" for n, value in numbers["fid"].items()
    )
    return f"Inception Score: {scores}. FID: {fids}. KID: {kids}."


STUDY: Study = Study(
    title="What Inception Score and FID do not see",
    claim=(
        "Ten images, each from another class, have a better Inception Score "
        "than real data, and real data of one class has almost the worst; FID "
        "is 0 for any law with the right two moments, which KID tells apart."
    ),
    source=(
        "Isachenko, lectures on deep generative models 2022, lecture 11; "
        "Barratt and Sharma 2018, A Note on the Inception Score; Binkowski et "
        "al. 2018, Demystifying MMD GANs, section 4."
    ),
    threshold=(
        "by the features of the LeNet for digits: ten training images, "
        "repeated, score higher than 500 held-out ones; single classes below "
        "1.5; a Gaussian with the moments of the features has an FID below a "
        "thousandth of that of held-out digits, and a KID of more than "
        f"{_LEAST_KID:.0f} standard errors."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.6),
)
