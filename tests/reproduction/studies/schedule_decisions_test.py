import numpy as np
import pytest

from tf_mmdgan import kernels, mmd
from tf_mmdgan.reproduction.studies import schedule_decisions


def entry(rng, reference, shift):
    new = rng.normal(size=reference.shape) + shift
    sums = mmd.candidate_sums(kernels.Polynomial(), reference, new)
    return {"sums": [part.numpy().tolist() for part in sums], "kid": 0.0}


def test_the_rate_falls_where_samples_no_longer_come_closer(monkeypatch):
    monkeypatch.setattr(schedule_decisions, "_SAMPLES", 60)
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(60, 4))
    shifts = [3.0 * 0.7**i for i in range(14)] + [0.02] * 9
    measured = [entry(rng, reference, shift) for shift in shifts]
    decided = schedule_decisions.decide(measured, 40, 1e-12)
    assert decided["p"][:10] == [None] * 10  # nothing old enough
    assert max(decided["p"][10:14]) < 0.01 and len(decided["falls"]) == 1
    assert decided["falls"][0] >= 14 * 40


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_test_keeps_its_level(shift):
    p = schedule_decisions.p_values(0, 60, shift)
    assert len(p) == 60 and (np.diff(p) >= 0).all()
    assert (p < 0.05).mean() < 0.15 and (p > 0.5).mean() > 0.25


def numbers(**changes):
    kept = {"p": [None] * 6, "falls": [4]}
    return {
        "repetitions": 1000,
        "levels": {"apart": 0.05, "equal": 0.02},
        "steps": list(range(10)),
        "kid": [10.0, 8.0, 6.0, 4.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5],
        "decisions": {"1e-12": kept},
    } | changes


def test_the_claim_fails_for_other_numbers():
    assert schedule_decisions.holds(numbers())
    assert schedule_decisions.descent(numbers()) == pytest.approx(9 / 9.5)
    early = {"1e-12": {"p": [], "falls": [2]}}
    assert not schedule_decisions.holds(numbers(decisions=early))
    never = {"1e-12": {"p": [], "falls": []}}
    assert schedule_decisions.holds(numbers(decisions=never))
    level = {"apart": 0.08, "equal": 0.02}
    assert not schedule_decisions.holds(numbers(levels=level))
