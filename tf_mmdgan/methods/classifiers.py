"""Objectives whose critic classifies: GANs and f-GANs, by name.

A setting that is not given here has the default of its class in `settings`.
"""

from dataclasses import replace

from tf_mmdgan.methods.adversarial import AdversarialMethod
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    DenoisingGAN,
    FeatureMatchingGAN,
    HingeGAN,
    LeastSquaresGAN,
    RelativisticGAN,
)
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

_GOODFELLOW = "Goodfellow et al. 2014, Generative adversarial nets"
_MIYATO = "Miyato et al. 2018, Spectral normalization"
_RELATIVISTIC = "Jolicoeur-Martineau 2019, The relativistic discriminator"
_IMPROVED = "Salimans et al. 2016, Improved techniques for training GANs"

_GAN = AdversarialSettings(
    criterion=GAN("non_saturating"),
    critic_steps=1,
    critic_batch_norm=True,
    # Radford et al. 2016, DCGAN.
    learning_rate=2e-4,
)

# As on pictures of cats there; on CIFAR-10 spectral normalisation stands in
# place of batch normalisation.
_RELATIVE = replace(_GAN, criterion=RelativisticGAN())

CLASSIFIERS: dict[str, AdversarialMethod] = {
    "gan_minimax": AdversarialMethod(
        _GOODFELLOW, replace(_GAN, criterion=GAN("minimax"))
    ),
    "gan": AdversarialMethod(_GOODFELLOW, _GAN),
    "sn_gan": AdversarialMethod(
        _MIYATO,
        AdversarialSettings(
            criterion=GAN("non_saturating"),
            spectral_norm="matrix",
            learning_rate=2e-4,
        ),
    ),
    "gan_hinge": AdversarialMethod(
        _MIYATO,
        AdversarialSettings(
            criterion=HingeGAN(), spectral_norm="matrix", learning_rate=2e-4
        ),
    ),
    "boundary_seeking": AdversarialMethod(
        "Hjelm et al. 2018, Boundary-seeking GANs",
        replace(_GAN, criterion=GAN("boundary_seeking")),
    ),
    "lsgan": AdversarialMethod(
        "Mao et al. 2017, Least squares GANs",
        replace(_GAN, criterion=LeastSquaresGAN()),
    ),
    "relativistic": AdversarialMethod(_RELATIVISTIC, _RELATIVE),
    "relativistic_paired": AdversarialMethod(
        _RELATIVISTIC, replace(_RELATIVE, criterion=RelativisticGAN("paired"))
    ),
    "f_gan": AdversarialMethod(
        "Nowozin et al. 2016, f-GAN",
        AdversarialSettings(
            criterion=FGAN(DIVERGENCES["jensen_shannon"], "minimax"),
            critic_steps=1,
            learning_rate=2e-4,
            # Not of the paper: single steps of both networks want it. S.
            # Nowozin's tutorial at the Machine Learning Summer School 2018 has
            # 10, by pixels in [-1, 1], on the activated output.
            r1=2.5,
        ),
    ),
    "improved": AdversarialMethod(
        f"{_IMPROVED}, section 3.1",
        # Theirs has weight normalisation where this critic has that over the
        # batch.
        replace(_GAN, criterion=FeatureMatchingGAN(), learning_rate=3e-4),
    ),
    "dfm": AdversarialMethod(
        "Warde-Farley and Bengio 2017, Denoising feature matching",
        replace(_GAN, criterion=DenoisingGAN()),
    ),
    "improved_minibatch": AdversarialMethod(
        f"{_IMPROVED}, section 3.2",
        replace(_GAN, minibatch_kernels=100, learning_rate=3e-4),
    ),
}
