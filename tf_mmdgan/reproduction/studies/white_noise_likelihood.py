"""A model that is 99 % white noise has almost the likelihood of the other 1 %.

Theis, van den Oord, Bethge 2016, "A note on the evaluation of generative
models", section 3.2, https://arxiv.org/abs/1511.01844.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import data, features, images
from tf_mmdgan.config import DataConfig
from tf_mmdgan.metrics import kid, parzen
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_SHARES = (0.0, 0.5, 0.9, 0.99)  # of white noise
_WIDTH = 0.2  # of the density estimate, for pixels in [-1, 1]
_SAMPLES = 500


def log_mixture(log_model: np.ndarray, log_noise: float, share: float) -> Any:
    """Log of (1 - share) model + share noise."""
    if share == 0.0:
        return log_model
    return np.logaddexp(np.log1p(-share) + log_model, np.log(share) + log_noise)


def sample(
    centres: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Draws of the mixture with white noise, uniform on [-1, 1]."""
    chosen = rng.integers(len(centres), size=_SAMPLES)
    model = centres[chosen] + _WIDTH * rng.normal(
        size=(_SAMPLES, centres.shape[1])
    )
    noise = rng.uniform(-1.0, 1.0, model.shape)
    is_noise = rng.uniform(size=(_SAMPLES, 1)) < share
    return np.clip(np.where(is_noise, noise, model), -1.0, 1.0)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Likelihood of held-out digits and KID of samples, by share of noise."""
    del parts
    rng = np.random.default_rng(budget.seeds[0])
    digits = DataConfig(dataset="digits")
    train, test = (
        np.float64(images.from_uint8(data.load(digits, split).images))
        for split in ("train", "test")
    )
    centres = train.reshape(len(train), -1)
    held_out = test.reshape(len(test), -1)
    (log_model,) = parzen.log_densities(held_out, centres, [_WIDTH])
    log_noise = -centres.shape[1] * np.log(2.0)
    extractor = features.get_extractor("lenet_digits")
    real = features.extract(extractor, images.to_uint8(test).numpy()).features
    rows, pictures = [], []
    for share in _SHARES:
        drawn = sample(centres, share, rng).reshape(-1, *train.shape[1:])
        fake = features.extract(
            extractor, images.to_uint8(drawn).numpy()
        ).features
        found = kid.kid(real, fake, "exact")
        likelihood = log_mixture(log_model, log_noise, share)
        rows.append((likelihood.mean(), found.mean, found.standard_error))
        pictures.append(images.to_uint8(drawn[:8]).numpy()[..., 0])
    return {
        "pixels": centres.shape[1],
        "log_likelihood": [row[0] for row in rows],
        "of_noise": log_noise,
        "largest_loss": (log_model - likelihood).max(),
        "kid": [row[1:] for row in rows],
        "pictures": pictures,
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """The bound on the likelihood, and that KID sees the noise."""
    likelihood, kids = numbers["log_likelihood"], numbers["kid"]
    return bool(
        numbers["largest_loss"] <= np.log(100.0) + 1e-9
        and likelihood[0] - likelihood[-1]
        < 0.05 * (likelihood[0] - numbers["of_noise"])
        and kids[-1][0] - kids[0][0] > 10.0 * kids[-1][1]
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Likelihood and KID by share of noise, over samples."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.1, 1])
    left, right = top.subplots(1, 2)
    labels = [f"{100 * share:.0f} %" for share in _SHARES]
    likelihood = [*numbers["log_likelihood"], numbers["of_noise"]]
    left.bar([*labels, "100 %"], likelihood)
    for place, value in enumerate(likelihood):
        left.annotate(f"{value:.1f}", (place, 3.0), ha="center")
    left.set_ylim(top=25.0)
    left.set(
        title="Log-likelihood of held-out digits",
        xlabel="share of white noise", ylabel="nats per image",
    )  # fmt: skip
    means, errors = np.array(numbers["kid"]).T
    right.bar(labels, means, yerr=2.0 * errors, color="C1")
    right.set(title="KID of samples (2 s.e.)", xlabel="share of white noise")
    for axes, pictures, label in zip(
        bottom.subplots(2, 2).ravel(), numbers["pictures"], labels, strict=True
    ):
        axes.imshow(np.concatenate(list(np.array(pictures)), 1), cmap="gray")
        axes.set(title=f"samples, {label} noise", xticks=[], yticks=[])


def caption(numbers: Mapping[str, Any]) -> str:
    """Loss of likelihood and of KID."""
    likelihood, kids = numbers["log_likelihood"], numbers["kid"]
    return (
        f"With 99 % noise the mean log-likelihood of held-out digits falls "
        f"from {likelihood[0]:.1f} to {likelihood[-1]:.1f} nats, on no image "
        f"by more than {numbers['largest_loss']:.3f} (log 100 = 4.605), that "
        f"of the noise alone is {numbers['of_noise']:.1f}; "
        f"KID of the samples rises from {kids[0][0]:.1f} to {kids[-1][0]:.1f}."
    )


STUDY: Study = Study(
    title="A likelihood that 99 % white noise does not spoil",
    claim=(
        "A mixture of 1 % of a model and 99 % of white noise has a "
        "log-likelihood less by at most log 100, little for images of many "
        "pixels, while nearly all its samples are noise."
    ),
    source=(
        "Theis, van den Oord, Bethge 2016, A note on the evaluation of "
        "generative models, section 3.2; Sutherland and Gretton, slides of the "
        "Gaussian Process Summer School 2018."
    ),
    threshold=(
        "for a kernel density estimate on digits: no held-out digit loses more "
        "than log 100 nats, and the mean loses less than 5 % of its lead over "
        "white noise alone, whereas KID of the "
        "samples rises by more than ten standard errors."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 5.0),
)
