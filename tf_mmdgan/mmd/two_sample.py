"""The front of all two-sample tests that train nothing.

    >>> list(tm.TWO_SAMPLE_TESTS)
    ['permutation', 'wild_bootstrap', 'normal', 'mmdagg', 'mmd_fuse']

To add a test, write a function of (samples, kernels, estimator, plan) that
returns a `TwoSampleTest`, and give it a line in `TWO_SAMPLE_TESTS`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd import aggregated, kernel_choice, linear_time, wild_bootstrap
from tf_mmdgan.mmd.outcome import (
    TestPlan,
    TwoSampleTest,
    make_plan,
    of_constant,
    resampled_tail,
    student_tail,
)
from tf_mmdgan.mmd.permutation import (
    Resampled,
    mmd2_of_splits,
    random_splits,
)
from tf_mmdgan.mmd.samples import Samples, as_samples, warn_of_twins


class TestMethod(NamedTuple):
    """A way to a p-value.

    Attributes:
      run: the test.
      estimators: the statistics that it calibrates.
      spacing: of the bandwidths of its kernels, for a test of many kernels; ""
        for a test of one.
    """

    run: Callable[[Samples, Sequence[Kernel], str, TestPlan], TwoSampleTest]
    estimators: tuple[str, ...]
    spacing: str = ""


def two_sample_test(
    x: Any,
    y: Any,
    kernel: Kernel | str | Sequence[Kernel] | None = None,
    method: str = "permutation",
    estimator: str = "quadratic",
    num_permutations: int = 999,
    level: float = 0.05,
    seed: int = 0,
) -> TwoSampleTest:
    """Tests whether two samples come from one law, by their MMD.

        >>> x, y = np.random.default_rng(0).normal(size=(2, 40, 3))
        >>> found = tm.two_sample_test(x, y + 1.0, num_permutations=99)
        >>> found.p_value, found.rejected
        (0.01, True)

    Args:
      x: rows that are independent draws, [n], [n, d] or [n, ...], in anything
        that NumPy makes an array of.
      y: the same of the other law, m rows, independent of x.
      kernel: a kernel; or an expression, such as "rbf(2.0) + linear"; or
        "EXPRESSION, median heuristic", which takes the median distance of all
        rows as the unit of its bandwidths. By default "rbf, median heuristic".
        For tests of many kernels a sequence of these; by default Gaussian and
        L1-Laplace kernels of ten bandwidths each, from half of the distance
        that 5 % of the pairs are within to twice the distance that 95 % are
        within.
      method: how the null is found, in `TWO_SAMPLE_TESTS`. "permutation": for
        any n and m, exact. "wild_bootstrap": exact too, for n = m. "normal":
        for estimators that are normal where both laws are equal. "mmdagg",
        "mmd_fuse": tests of many kernels, exact.
      estimator: of MMD^2. "quadratic": over all pairs. "incomplete": over near
        pairs, 200 n. "linear", "block", "cross": in time n, n^1.5, n^2, with a
        normal null.
      num_permutations: random permutations, or exchanges; the least p-value is
        1 / (num_permutations + 1).
      level: for `threshold` and `rejected`.
      seed: of all that is random; the same seed gives the same outcome.

    Raises:
      UsageError: for an unknown name, an estimator that the method does not
        calibrate, and fewer permutations than the level needs.
      DataError: for samples that are no numbers, of unequal widths, with NaN or
        infinity, or with too few rows.
    """
    plan = make_plan(num_permutations, level, seed)
    chosen = errors.pick(TWO_SAMPLE_TESTS, method, "method")
    _check_estimator(chosen, method, estimator)
    _check_kernel_count(chosen, method, kernel)
    samples = as_samples(x, y)
    if samples.constant:
        return of_constant(
            len(samples.x), len(samples.y), method, estimator, level
        )
    warn_of_twins(samples)
    if estimator != "quadratic":
        samples = _shuffled(samples, plan.rng)
    used = _kernels(chosen, kernel, samples.pooled, plan.rng)
    return chosen.run(samples, used, estimator, plan)


def _permutation(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> TwoSampleTest:
    found = _permuted(samples, kernels, plan)
    return _of_one(found, samples, kernels[0], "permutation", estimator, plan)


def _wild_bootstrap(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> TwoSampleTest:
    found = _exchanged(samples, kernels, estimator, plan)
    return _of_one(
        found, samples, kernels[0], "wild_bootstrap", estimator, plan
    )


_NORMAL: dict[str, Callable[[Kernel, Samples], linear_time.Mean]] = {
    "linear": linear_time.linear_mmd2,
    "block": linear_time.block_mmd2,
    "cross": linear_time.cross_mmd2,
}


def _normal(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> TwoSampleTest:
    (kernel,) = kernels
    mean = _NORMAL[estimator](kernel, samples)
    tail = student_tail(
        mean.value, mean.error, mean.freedom, mean.terms, plan.level
    )
    return TwoSampleTest(
        mean.value, tail.p_value, tail.threshold, plan.level, "normal",
        estimator, kernel, len(samples.x), len(samples.y),
    )  # fmt: skip


def _mmdagg(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> TwoSampleTest:
    if estimator == "quadratic":
        found = _permuted(samples, kernels, plan)
    else:
        found = _exchanged(samples, kernels, estimator, plan)
    combined = aggregated.least_p_value(found)
    return _of_many(combined, samples, kernels, "mmdagg", estimator, plan)


def _mmd_fuse(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> TwoSampleTest:
    found = _permuted(samples, kernels, plan)
    combined = aggregated.fused(found, len(samples.x), len(samples.y))
    return _of_many(combined, samples, kernels, "mmd_fuse", estimator, plan)


TWO_SAMPLE_TESTS: Catalogue[TestMethod] = Catalogue("method", __doc__) | {
    "permutation": TestMethod(_permutation, ("quadratic",)),
    "wild_bootstrap": TestMethod(
        _wild_bootstrap, ("quadratic", "incomplete", "linear")
    ),
    "normal": TestMethod(_normal, ("cross", "block", "linear")),
    "mmdagg": TestMethod(
        _mmdagg, ("quadratic", "incomplete", "linear"), "geometric"
    ),
    "mmd_fuse": TestMethod(_mmd_fuse, ("quadratic",), "linear"),
}


def _permuted(
    samples: Samples, kernels: Sequence[Kernel], plan: TestPlan
) -> Resampled:
    n, m = map(len, samples)
    splits = random_splits(n, m, plan.num_permutations, plan.rng)
    return mmd2_of_splits(kernels, samples.pooled, splits)


def _exchanged(
    samples: Samples, kernels: Sequence[Kernel], estimator: str, plan: TestPlan
) -> Resampled:
    n, m = map(len, samples)
    if n != m:
        raise errors.DataError(
            f"the wild bootstrap exchanges rows of x and y, of which there are "
            f"{n} and {m}: give as many of both, or method=permutation."
        )
    linear = estimator == "linear"
    signs = wild_bootstrap.random_signs(
        n // 2 if linear else n, plan.num_permutations, plan.rng
    )
    if linear:
        return wild_bootstrap.linear_mmd2_of_signs(kernels, samples, signs)
    reach = wild_bootstrap.REACH if estimator == "incomplete" else None
    return wild_bootstrap.mmd2_of_signs(kernels, samples, signs, reach)


def _of_one(
    found: Resampled,
    samples: Samples,
    kernel: Kernel,
    method: str,
    estimator: str,
    plan: TestPlan,
) -> TwoSampleTest:
    (values,), (tie,) = found.values, found.ties
    tail = resampled_tail(values, plan.level, tie)
    return TwoSampleTest(
        float(values[0]), tail.p_value, tail.threshold, plan.level, method,
        estimator, kernel, len(samples.x), len(samples.y), values[1:],
    )  # fmt: skip


def _of_many(
    combined: aggregated.Combined,
    samples: Samples,
    kernels: Sequence[Kernel],
    method: str,
    estimator: str,
    plan: TestPlan,
) -> TwoSampleTest:
    values = combined.values
    tail = resampled_tail(values, plan.level, combined.tie)
    most_telling = kernels[int(np.argmin(combined.p_values))]
    by_kernel = tuple(zip(kernels, combined.p_values.tolist(), strict=True))
    return TwoSampleTest(
        float(values[0]), tail.p_value, tail.threshold, plan.level, method,
        estimator, most_telling, len(samples.x), len(samples.y), values[1:],
        by_kernel,
    )  # fmt: skip


def _kernels(
    method: TestMethod,
    given: Kernel | str | Sequence[Kernel] | None,
    pooled: np.ndarray,
    rng: np.random.Generator,
) -> tuple[Kernel, ...]:
    if given is None and method.spacing:
        return kernel_choice.grid(pooled, rng, method.spacing)
    if given is None:
        given = kernel_choice.DEFAULT
    many: Any = given if _are_many(given) else [given]
    some = list(many)
    if not some:
        raise errors.UsageError("kernel: need one or more, not an empty list.")
    return tuple(kernel_choice.resolve(k, pooled, rng) for k in some)


def _are_many(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str)


def _shuffled(samples: Samples, rng: np.random.Generator) -> Samples:
    """Rows in random order, for estimators that take some pairs only."""
    return Samples(*(rng.permutation(rows) for rows in samples))


def _check_estimator(chosen: TestMethod, method: str, estimator: str) -> None:
    if estimator in chosen.estimators:
        return
    known = ", ".join(chosen.estimators)
    reason = ""
    if method == "normal" and estimator == "quadratic":
        reason = " has no normal null, its first-order part is 0 there"
    raise errors.UsageError(
        f"estimator={estimator}{reason or f' is not for method={method}'}: "
        f"give estimator={known.replace(', ', ' or ')}."
    )


def _check_kernel_count(
    chosen: TestMethod, method: str, kernel: object
) -> None:
    many = _are_many(kernel)
    if kernel is None or many == bool(chosen.spacing):
        return
    if many:
        raise errors.UsageError(
            f"method={method} takes one kernel; give method=mmdagg or "
            "method=mmd_fuse for several."
        )
    raise errors.UsageError(
        f"method={method} takes a sequence of kernels, not one kernel."
    )
