"""Public values behave as values: they pickle, compare, hash, and paste."""

import copy
import pickle

import pytest

import tf_mmdgan as tm

MADE = [
    tm.Gaussian((1.0, 2.0)) + 0.5 * tm.Linear(),
    (tm.Rescaled(tm.Matern(), 2.0) + tm.LaplaceL1()) * tm.Polynomial() / 3,
    tm.Sum((tm.Linear(), tm.Laplace(), tm.Distance()), (1.0, 2.0, 3.0)),
    tm.Product(tm.Tanh(tm.RationalQuadratic()), tm.Linear()),
    tm.AlphaDivergence(-0.5),
    tm.JensenDivergence(0.75),
    tm.MMDGAN("rq"),
    tm.MMDGAN("rq", tm.mmd2_biased),
    tm.RatioMMD("rbf"),
    tm.RepulsiveMMD("rbf", bounds=[0.25, 4.0]),
    tm.AutoencoderMMD("rbf"),
    tm.ScaledMMD("rbf", scale=tm.Scale("paper", measure="noise")),
    tm.ScaledWGAN(),
    tm.GradientConstrainedMMD("rbf"),
    tm.WGAN(),
    tm.SobolevGAN(0.1),
    tm.FisherGAN(),
    tm.CramerGAN("energy"),
    tm.CharacteristicGAN(),
    tm.SlicedEnergyGAN(),
    tm.GAN("non_saturating"),
    tm.HingeGAN(),
    tm.FeatureMatchingGAN(),
    tm.DenoisingGAN("minimax", denoiser_layers=2),
    tm.LeastSquaresGAN("pearson"),
    tm.RelativisticGAN("paired"),
    tm.FGAN("kl"),
    tm.GradientPenalty(10.0),
    tm.ZeroCentredPenalty(1.0, "real"),
    tm.NoisePenalty(1.0, tm.Annealing(100)),
    tm.FeaturePenalty(1.0),
    tm.OrthogonalPenalty(1e-4),
    tm.PathLengthPenalty(2.0),
    tm.InstanceNoise(0.1),
    tm.WeightClipping(0.01),
    tm.CriticAugmentation("color,cutout"),
    tm.CriticAugmentation("flip", tm.AdaptiveProbability(0.5, 1000)),
    tm.Objective(tm.MMDGAN("rq"), [tm.GradientPenalty(1.0)]),
    tm.KernelDiscrepancy("rbf"),
    tm.GradientConstrainedDiscrepancy("rbf"),
    tm.SlicedEnergy(16),
    tm.RandomFeatureDiscrepancy("rbf"),
    tm.DriftField("laplace", "separate", tm.KLDivergence()),
    tm.DriftDiscrepancy(tm.DriftField("laplace")),
    tm.RatioMatching(0.1),
    tm.LearnedMoments(0.1),
    tm.Latents(8, "normal"),
    tm.BurnIn(10, 20, 500),
    tm.SpectralNorm(),
    tm.GeneratorOptions(8),
    tm.StyleOptions(2),
    tm.CriticOptions(4),
    tm.MetricSettings(),
    tm.DataConfig(),
]
NAMED = [*tm.KERNELS.values(), *tm.DIVERGENCES.values()]
PUBLIC = {name: getattr(tm, name) for name in tm.__all__}


@pytest.mark.parametrize(
    "value", MADE + NAMED, ids=lambda value: str(value)[:40]
)
def test_a_public_value_is_one(value):
    again = pickle.loads(pickle.dumps(value))
    pasted = eval(repr(value), PUBLIC)
    for other in (again, pasted, copy.deepcopy(value)):
        assert type(other) is type(value)
        assert other == value and hash(other) == hash(value)
    assert "\n" not in repr(value)


@pytest.mark.parametrize("catalogue", ["OBJECTIVES", "METHODS"])
def test_members_of_catalogues_pickle_and_hash(catalogue):
    for member in getattr(tm, catalogue).values():
        again = pickle.loads(pickle.dumps(member))
        assert again == member and hash(again) == hash(member)


def test_entries_of_data_sets_pickle_and_hash():
    for entry in tm.DATASETS.values():
        again = pickle.loads(pickle.dumps(entry))
        assert again.counts == entry.counts
        assert hash(entry) == hash(copy.copy(entry))


def test_values_of_other_settings_differ():
    assert tm.AlphaDivergence(0.5) == tm.DIVERGENCES["alpha_0.5"]
    assert tm.AlphaDivergence(2.0) != tm.PearsonDivergence()
    assert tm.MMDGAN("rq", tm.mmd2_unbiased) == tm.MMDGAN("rq")
    assert tm.MMDGAN("rq", "biased") != tm.MMDGAN("rq")
