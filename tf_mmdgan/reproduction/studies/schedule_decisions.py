"""When the three-sample test would lower the learning rate of a training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import features, kernels, mmd
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.metrics import kid
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study
from tf_mmdgan.training import callbacks
from tf_mmdgan.training.kid_schedule import ThreeSampleRule
from tf_mmdgan.training.run import prepare

_FLOORS = (1e-12, 1e-5)  # ours, and the published code's
_THRESHOLD = 0.1
_HISTORY, _PATIENCE = 10, 3
_SAMPLES = 1000  # in each set
# Of the test of the level: rows and width of the sets, and their shift.
_ROWS, _WIDTH, _SHIFT = 100, 16, 0.3
_KERNEL = kernels.Polynomial()


class _Recorder(callbacks.Every):
    """Stores the sums that the test needs of new samples, and their KID."""

    def __init__(self, interval: int, parts: Parts, key: str, scorer: Any):
        super().__init__(interval)
        self._parts, self._key = parts, key
        self._extractor = scorer.extractor
        self._held_out = scorer.real_features

    def start(self, model: ImplicitModel, images: np.ndarray) -> None:
        """Stores features of the reference, and sums of the untrained model."""
        self._reference = self._features(images)
        self._parts.get(f"{self._key}, step 0", self._measure, model, 0)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        key = f"{self._key}, step {step}"
        self._parts.get(key, self._measure, self.model, step)

    def _features(self, images: np.ndarray) -> np.ndarray:
        return features.extract(self._extractor, images).features

    def _measure(self, model: ImplicitModel, step: int) -> dict[str, Any]:
        new = self._features(model.generate(_SAMPLES, step))
        sums = mmd.candidate_sums(_KERNEL, self._reference, new)
        score = kid.kid(self._held_out, new, "exact")
        return {
            "sums": [part.numpy() for part in sums],
            "kid": score.mean,
            "error": score.standard_error,
        }


def train(
    parts: Parts, seed: int, steps: int, interval: int
) -> list[dict[str, Any]]:
    """Trains the small digits recipe at a constant rate, and measures it."""
    key = f"seed {seed}"
    run = prepare(
        TrainConfig(
            run_dir=str(parts.folder / f"run_{seed}_{interval}"),
            generator_width=16, critic_width=16, latent_size=64,
            batch_size=32, learning_rate=2e-4, seed=seed, steps=steps,
            evaluate_every=0, sample_every=0, checkpoint_every=interval,
            export=False,
        )
    )  # fmt: skip
    recorder = _Recorder(interval, parts, key, run.scorer)
    recorder.start(run.model, run.train_images[:_SAMPLES])
    remaining = steps - callbacks.current_step(run.model)
    if remaining > 0:
        callbacks.fit(
            run.model,
            run.batches,
            remaining,
            [recorder, *run.callbacks],  # before the checkpoint of its step
            run.progress,
        )
    return [
        parts.get(f"{key}, step {step}", dict)
        for step in range(0, steps + 1, interval)
    ]


def decide(
    measured: list[dict[str, Any]], interval: int, floor: float
) -> dict[str, list[Any]]:
    """The rule's p (or None) at each test, and the steps where rates fall."""
    rule = ThreeSampleRule(_SAMPLES, _HISTORY, _PATIENCE, _THRESHOLD, floor)
    p_values, falls = [], []
    for index, entry in enumerate(measured):
        sums = mmd.CandidateSums(*map(np.array, entry["sums"]))
        fallen, p_value = rule.decide(sums)
        p_values.append(p_value)
        if fallen:
            falls.append(index * interval)
    return {"p": p_values, "falls": falls}


def p_values(seed: int, repetitions: int, shift: float) -> np.ndarray:
    """Sorted p of two sets of N(shift, I), with a reference of N(0, I)."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(repetitions):
        x, y, z = rng.normal(size=(3, _ROWS, _WIDTH))
        new, old = (
            mmd.candidate_sums(_KERNEL, x, candidates + shift)
            for candidates in (y, z)
        )
        values.append(float(mmd.three_sample_test(new, old).p_value))
    return np.sort(values)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """The level of the test, then its decisions on a training."""
    seed = budget.seeds[0]
    repetitions = budget.steps(1000, 100)
    levels = {
        name: parts.get(
            f"level of {name}, {repetitions} repetitions",
            p_values, seed, repetitions, shift,
        )
        for name, shift in (("apart", _SHIFT), ("equal", 0.0))
    }  # fmt: skip
    steps, interval = budget.steps(2800, 60), budget.steps(40, 4)
    measured = train(parts, seed, steps, interval)
    return {
        "repetitions": repetitions,
        "levels": {k: np.mean(np.array(p) <= 0.05) for k, p in levels.items()},
        "p_of_equal_laws": {
            name: np.quantile(values, np.linspace(0, 1, 101))
            for name, values in levels.items()
        },
        "steps": np.arange(0, steps + 1, interval),
        "kid": [entry["kid"] for entry in measured],
        "error": [entry["error"] for entry in measured],
        "decisions": {
            f"{floor:g}": decide(measured, interval, floor) for floor in _FLOORS
        },
    }


def descent(numbers: Mapping[str, Any]) -> float | None:
    """Share of KID's descent that is done when the rate first falls.

    The descent is that from the first KID to the mean of the last five. None if
    the rate never falls.
    """
    falls = numbers["decisions"][f"{_FLOORS[0]:g}"]["falls"]
    if not falls:
        return None
    kids = np.array(numbers["kid"])
    at_fall = kids[list(numbers["steps"]).index(falls[0])]
    return float((kids[0] - at_fall) / (kids[0] - kids[-5:].mean()))


def holds(numbers: Mapping[str, Any]) -> bool:
    """The level, and no fall before nine tenths of the descent."""
    margin = 3.0 * np.sqrt(0.05 * 0.95 / numbers["repetitions"])
    level = numbers["levels"]
    if abs(level["apart"] - 0.05) > margin or level["equal"] > 0.05 + margin:
        return False
    done = descent(numbers)
    return done is None or done >= 0.9


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """KID with the falls of the rate, the tests' p, and p of equal laws."""
    grid = figure.add_gridspec(2, 2, width_ratios=[2, 1])
    upper = figure.add_subplot(grid[0, 0])
    lower = figure.add_subplot(grid[1, 0], sharex=upper)
    right = figure.add_subplot(grid[:, 1])
    steps = np.array(numbers["steps"])
    upper.errorbar(
        steps, numbers["kid"], numbers["error"], fmt=".-", color="0.3",
        label="KID, with standard error",
    )  # fmt: skip
    upper.set(ylabel="KID, raw", title="Digits, constant learning rate")
    styles = zip(numbers["decisions"].items(), ("C0", "C1"), "ox", strict=True)
    for (floor, decided), colour, marker in styles:
        p = np.array([np.nan if v is None else v for v in decided["p"]])
        lower.plot(
            steps, np.maximum(p, 1e-12), marker, color=colour,
            label=f"variance floor {floor}", ms=5,
        )  # fmt: skip
        for index, step in enumerate(decided["falls"]):
            upper.axvline(
                step, color=colour, ls="--" if marker == "o" else ":",
                label=None if index else f"rate falls, floor {floor}",
            )  # fmt: skip
    upper.set_yscale("log")
    upper.set_ylim(0.05, None)  # what is below is within the error of zero
    upper.legend(fontsize=7)
    lower.axhline(_THRESHOLD, color="0.6", lw=0.8)
    lower.set(yscale="log", xlabel="generator steps", ylabel="p of the test")
    lower.legend(fontsize=7)
    quantiles = np.linspace(0, 1, 101)
    labels = {"apart": "apart from the reference", "equal": "equal to it"}
    for name, values in numbers["p_of_equal_laws"].items():
        right.plot(quantiles, values, label=labels[name])
    right.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    right.set(
        xlabel="uniform quantile", ylabel="p of two sets of one law",
        title="Level of the test",
    )  # fmt: skip
    right.legend(fontsize=7)


def caption(numbers: Mapping[str, Any]) -> str:
    """The level, and where rates fall."""
    level, kids = numbers["levels"], numbers["kid"]
    falls = {
        floor: ", ".join(map(str, decided["falls"])) or "never"
        for floor, decided in numbers["decisions"].items()
    }
    where = "; ".join(f"with floor {k}: {v}" for k, v in falls.items())
    done = descent(numbers)
    return (
        "Two sets of one law have p ≤ .05 in "
        f"{100 * level['apart']:.1f} % of {numbers['repetitions']} cases where "
        f"that law is not the reference's, {100 * level['equal']:.1f} % where "
        f"it is. KID goes from {kids[0]:.3g} to {kids[-1]:.3g}. The rate would "
        f"fall at step(s) {where}"
        + (
            f"; {100 * done:.1f} % of the descent is done then."
            if done
            else "."
        )
    )


STUDY: Study = Study(
    title="Decisions of the three-sample test",
    claim=(
        "The three-sample test keeps its level, and so a rule that lowers the "
        "learning rate at three failures in a row does so where KID has "
        "stopped falling."
    ),
    source=(
        "Binkowski et al. 2018, Demystifying MMD GANs, section 4.1; "
        "Bounliphone et al. 2016, A Test of Relative Similarity."
    ),
    threshold=(
        "two sets of one law are told apart at .05 in 5 % of the cases, within "
        "three standard errors, or in fewer where the law is the reference's; "
        "and nine tenths of KID's descent are done when the rate first falls."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(9.0, 5.0),
)
