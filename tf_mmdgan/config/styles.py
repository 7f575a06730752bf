"""Settings of style-based networks and of their penalties."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class StyleConfig:
    """Settings of --architecture=stylegan2; None means as published."""

    mapping_layers: int | None = setting(
        None,
        "Layers of the mapping network of style-based generators, published "
        "with 8, or 2.",
        most=64,
    )
    style_mixing: float | None = setting(
        None,
        "How often, in training, an image of a style-based generator has the "
        "styles of two; published is 0.9.",
    )
    minibatch_deviation: int | None = setting(
        None,
        "Images of a group whose standard deviation a style-based critic is "
        "told, published with 4; 0: it is not. With r1, not with other "
        "penalties on slopes.",
        most=2**16,
    )

    path_length_penalty: float | None = setting(
        None,
        "Weight of the penalty by which styles of a style-based generator "
        "change images by as much everywhere, published with 2; 0 switches it "
        "off.",
    )
    regularize_generator_every: int | None = setting(
        None,
        "Steps between updates by the penalties on the generator, which are "
        "then updates of their own, with Adam's rate and decays adapted to it; "
        "1: the penalties are a part of every update.",
    )

    def __post_init__(self):
        fields.require_positive(
            self, "mapping_layers", "regularize_generator_every"
        )
        fields.require_non_negative(
            self, "style_mixing", "minibatch_deviation", "path_length_penalty"
        )
        fields.require(
            self.style_mixing is None or self.style_mixing <= 1.0,
            f"--style_mixing={self.style_mixing}: must be 0 to 1.",
        )
        fields.require(
            self.minibatch_deviation != 1,
            "--minibatch_deviation=1: a group has 2 images or more.",
        )
