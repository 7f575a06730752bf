"""What other tools do by default, as settings."""

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.config import PROTOCOLS, EvaluateConfig


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_made_of_settings(name):
    made = EvaluateConfig(run_dir="run", **PROTOCOLS[name])
    assert made.features == "inception"
    named = config.given(EvaluateConfig, None, {"run_dir": "run", "protocol": name})  # fmt: skip  # noqa: E501
    assert named == made


def test_what_is_given_beside_a_protocol_wins():
    settings = {"protocol": "torch_fidelity", "seed": 0, "features": "pixels"}
    made = config.given(EvaluateConfig, EvaluateConfig(run_dir="r"), settings)
    assert (made.seed, made.features, made.nearest_k) == (0, "pixels", 3)
    assert (made.order, made.run_dir) == ("given", "r")
    with pytest.raises(errors.UsageError, match=r"protocol 'clean'.*clean_fid"):
        config.given(EvaluateConfig, None, {"protocol": "clean"})
