"""Subsets, rankings and diversity, against formulas written out."""

import itertools

import numpy as np
import pytest

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd import embeddings

KERNEL = kernels.Gaussian((0.9,))


def gram(x, y):
    squares = np.sum((x[:, None] - y[None]) ** 2, axis=-1)
    return np.exp(-squares / (2 * 0.81))


def test_witness_leaves_the_row_itself_out(rng):
    x, y = rng.normal(size=(7, 2)), rng.normal(size=(5, 2)) + 1
    found = embeddings.rank_by_witness(x, y, KERNEL)
    of_x = [
        np.mean(np.delete(gram(x, x)[i], i)) - gram(x, y)[i].mean()
        for i in range(7)
    ]
    of_y = [
        gram(y, x)[i].mean() - np.mean(np.delete(gram(y, y)[i], i))
        for i in range(5)
    ]
    np.testing.assert_allclose(found.x_values, of_x, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.y_values, of_y, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.x_order, np.argsort(of_x)[::-1])
    np.testing.assert_array_equal(found.y_order, np.argsort(of_y))


def test_witness_finds_the_rows_that_only_one_sample_has(rng):
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    x[:25] += 6.0
    found = embeddings.rank_by_witness(x, y, KERNEL)
    assert set(found.x_order[:15]) <= set(range(25))


def test_rows_of_equal_laws_have_a_witness_of_mean_zero():
    values = []
    for seed in range(50):
        x, y = np.random.default_rng(seed).normal(size=(2, 12, 1))
        found = embeddings.rank_by_witness(x, y, KERNEL)
        values.append(found.x_values.mean())
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(50)


def distance(gram, target, rows):
    """MMD^2 of some rows to a mean embedding, but for a constant."""
    rows = list(rows)
    return gram[np.ix_(rows, rows)].mean() - 2 * target[rows].mean()


def test_each_point_taken_is_the_best_one(rng):
    pool, asked = rng.normal(size=(6, 2)), rng.normal(size=(3, 2))
    own, target = gram(pool, pool), gram(pool, asked).mean(1)
    found = embeddings.greedy_match(own.__getitem__, np.diag(own), target, 3)
    assert len(set(found)) == 3
    for size in (1, 2, 3):
        options = [
            (*found[: size - 1], i)
            for i in range(6)
            if i not in found[: size - 1]
        ]
        assert distance(own, target, found[:size]) == min(
            distance(own, target, rows) for rows in options
        )
    best = min(
        distance(own, target, rows)
        for rows in itertools.combinations(range(6), 1)
    )
    assert distance(own, target, found[:1]) == best


def test_herded_rows_are_nearer_than_random_ones(rng):
    x = rng.normal(size=(200, 2))
    own, target = gram(x, x), gram(x, x).mean(1)
    rows = embeddings.herd(x, 12, KERNEL)
    assert len(set(rows)) == 12
    by_chance = [
        distance(own, target, rng.choice(200, 12, replace=False))
        for _ in range(100)
    ]
    assert distance(own, target, rows) < min(by_chance)
    np.testing.assert_array_equal(embeddings.herd(x, 5, KERNEL), rows[:5])
    assert set(embeddings.herd(x, 200, KERNEL)) == set(range(200))


def test_prototypes_are_herded_and_criticisms_maximise(rng):
    x = rng.normal(size=(9, 2))
    found = embeddings.prototypes_and_criticisms(x, 3, 2, KERNEL)
    np.testing.assert_array_equal(
        found.prototypes, embeddings.herd(x, 3, KERNEL)
    )
    own = gram(x, x)
    witness = np.abs(own.mean(1) - own[:, found.prototypes].mean(1))

    def objective(rows):
        chosen = own[np.ix_(rows, rows)]
        return witness[rows].sum() + np.linalg.slogdet(chosen)[1]

    taken = []
    for best in found.criticisms:
        options = [
            [*taken, i]
            for i in range(9)
            if i not in taken and i not in found.prototypes
        ]
        taken.append(int(best))
        assert objective(taken) == pytest.approx(max(map(objective, options)))


def test_criticisms_may_be_copies(rng):
    x = np.repeat(rng.normal(size=(3, 2)), 4, axis=0)
    found = embeddings.prototypes_and_criticisms(x, 3, 9, KERNEL)
    together = np.concatenate(found)
    np.testing.assert_array_equal(np.sort(together), np.arange(12))


@pytest.mark.parametrize("kernel", ["linear", KERNEL, kernels.Polynomial()])
def test_copies_count_once(rng, kernel):
    x = np.repeat(rng.normal(size=(1, 4)), 7, axis=0)
    assert embeddings.vendi_score(x, kernel) == pytest.approx(1.0)


def test_orthogonal_rows_count_each():
    x = np.diag([1.0, 2.0, 3.0, 4.0, 5.0])
    assert embeddings.vendi_score(x) == pytest.approx(5.0)
    groups = np.repeat(x[:3], 4, axis=0)
    assert embeddings.vendi_score(groups) == pytest.approx(3.0)


@pytest.mark.parametrize("rows, width", [(12, 3), (4, 9)])
def test_vendi_score_is_the_entropy_of_eigenvalues(rng, rows, width):
    x = rng.normal(size=(rows, width))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    for kernel, own in (("linear", unit @ unit.T), (KERNEL, gram(x, x))):
        eigenvalues = np.linalg.eigvalsh(own / rows)
        eigenvalues = eigenvalues[eigenvalues > 1e-15]
        entropy = -np.sum(eigenvalues * np.log(eigenvalues))
        got = embeddings.vendi_score(x, kernel)
        np.testing.assert_allclose(got, np.exp(entropy), rtol=1e-9)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda x: embeddings.herd(x, 0), errors.UsageError, "need 1 to 5"),
        (lambda x: embeddings.herd(x, 6), errors.UsageError, "count=6"),
        (lambda x: embeddings.herd(x, "2"), errors.UsageError, "count='2'"),
        (
            lambda x: embeddings.prototypes_and_criticisms(x, 3, 3),
            errors.UsageError,
            "num_criticisms=3: need 0 to 2",
        ),
        (
            lambda x: embeddings.vendi_score(0 * x),
            errors.DataError,
            "row 0 of x has kernel 0",
        ),
        (
            lambda x: embeddings.herd(np.nan * x, 2),
            errors.DataError,
            "NaN",
        ),
        (
            lambda x: embeddings.rank_by_witness(x, x[:1]),
            errors.DataError,
            "y has 1 rows",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(rng, call, error, message):
    with pytest.raises(error, match=message):
        call(rng.normal(size=(5, 2)))
