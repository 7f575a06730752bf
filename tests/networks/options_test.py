import dataclasses

import pytest

from tf_mmdgan import errors
from tf_mmdgan.networks import (
    ARCHITECTURES,
    CriticOptions,
    DenoiserOptions,
    GeneratorOptions,
)


@pytest.mark.parametrize(
    ("options", "numbers", "message"),
    [
        (GeneratorOptions, {"latent_size": 0}, "latent_size=0, need >= 1"),
        (GeneratorOptions, {"latent_size": 1, "width": 0}, "width=0, need"),
        (CriticOptions, {"output_width": 0}, "output_width=0, need >= 1"),
        (CriticOptions, {"output_width": 1, "width": 0}, "width=0, need"),
    ],
)
def test_numbers_below_one_are_refused(options, numbers, message):
    with pytest.raises(errors.UsageError, match=message):
        options(**numbers)


@pytest.mark.parametrize("options", [GeneratorOptions, CriticOptions])
def test_options_are_given_by_name(options):
    with pytest.raises(TypeError, match="positional"):
        options(3, 16)
    with pytest.raises(TypeError, match="batch_nrom"):
        options(3, batch_nrom=True)


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        ("generator", GeneratorOptions),
        ("critic", CriticOptions),
        ("denoiser", DenoiserOptions),
    ],
)
def test_networks_are_built_of_their_own_options(build, wanted):
    make = getattr(ARCHITECTURES["mlp"], build)
    for other in (8, None, GeneratorOptions, CriticOptions(1)):
        if not isinstance(other, wanted):
            with pytest.raises(errors.UsageError, match=f"a {wanted.__name__}"):
                make((4, 4, 1), other)
    for shape in ("4x4", 4, None, (4, "4", 1), [None]):
        with pytest.raises(errors.UsageError, match=r"image_shape=.*: need"):
            make(shape, wanted(2))


def test_an_architecture_that_is_changed_is_the_same_otherwise():
    mlp = ARCHITECTURES["mlp"]
    assert dataclasses.replace(mlp) == mlp
    assert dataclasses.replace(mlp, maximum_size=9) != mlp


@pytest.mark.parametrize("name", ["conditioning", "spectral_norm"])
def test_parts_of_options_are_values(name):
    for options in (GeneratorOptions, CriticOptions):
        with pytest.raises(errors.UsageError, match=f"{name}: need a"):
            options(3, **{name: "projection"})
