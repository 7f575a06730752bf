import pytest

from tf_mmdgan import errors
from tf_mmdgan.networks import CriticOptions, GeneratorOptions


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
