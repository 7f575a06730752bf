"""Settings of denoising feature matching."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class DenoisingConfig:
    """Settings of --objective=dfm; None means as published."""

    denoising_weight: float | None = setting(
        None,
        "Weight of what a denoiser takes for noise in features of generated "
        "images, a mean over features.",
    )
    denoising_noise: float | None = setting(
        None,
        "Deviation of the noise that the denoiser learns to take off, in "
        "standard deviations of a feature.",
    )
    denoiser_layers: int | None = setting(
        None, "Hidden layers of the denoiser.", most=64
    )
    denoiser_units: int | None = setting(
        None,
        "Units of each of them; 0: as many as there are features, which are "
        "thousands of a wide critic.",
        most=2**16,
    )

    def __post_init__(self):
        fields.require_positive(self, "denoising_noise")
        fields.require_non_negative(
            self, "denoising_weight", "denoiser_layers", "denoiser_units"
        )
