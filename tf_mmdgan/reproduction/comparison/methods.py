"""Methods by name: each a list of training flags, the same on all data."""

from collections.abc import Collection, Mapping, Sequence

from tf_mmdgan.methods import published
from tf_mmdgan.objectives import f_divergences

# A critic so small that most of the work is left to the distance.
_SMALL = "--critic_width=4"

# An auto-encoder, and a generator of its codes.
_CODES = [
    "--architecture=gmmn",
    "--autoencoder_steps=1500",
    "--critic_output=16",
    "--nogenerator_batch_norm",
    # As in the recipes; the width of the comparison is that of convolutions.
    "--generator_width=64",
    "--latent_size=10",
    "--batch_size=200",
    "--critic_learning_rate=1e-3",
    "--beta_2=0.999",
    "--steps=5500",
]

# What is tried with the scaled family; docs/scaled_mmd.md.
_VARIATIONS = {
    "he": ["--nopublished_weights"],
    "paper": ["--scale_form=paper"],
    "paper_he": ["--scale_form=paper", "--nopublished_weights"],
    "1e-4": ["--learning_rate=1e-4"],
    "5e-4": ["--learning_rate=5e-4"],
    "1_update": ["--critic_steps=1"],
    "10_updates": ["--critic_steps=10"],
}
SCALED = ("smmd", "sn_smmd", "swgan", "sn_swgan")

# Objectives that are families: the flag that chooses, and the members.
FAMILIES: dict[str, tuple[str, Collection[str]]] = {
    "f_gan": ("divergence", f_divergences.DIVERGENCES),
}

# Methods beside the objectives with their published settings. One with the name
# of an objective takes its place.
EXTRA_ENTRIES: dict[str, list[str]] = {
    "mmd_distance": ["--objective=mmd", "--kernel=distance"],
    # As published, with an optimizer without momentum; the code size is that
    # of MNIST.
    "li_mmd": [
        "--objective=li_mmd",
        "--critic_output=10",
        "--optimizer=rmsprop",
    ],
    # With the published bound of .01 and batch normalisation this critic's
    # output saturates, and the generator stands still.
    "wgan": [
        "--objective=wgan",
        "--optimizer=rmsprop",
        "--weight_clip=0.03",
        "--nocritic_batch_norm",
    ],
    "attractive": ["--objective=repulsive_mmd", "--real_weight=1"],
    # As in the recipes; they train fully connected networks.
    "gram": [
        "--objective=gram",
        "--critic_output=10",
        "--bandwidths=0.5,1,2,4",
        "--ridge=0.1",
        "--ratio_positivity=clip",
        "--learning_rate=1e-3",
        "--beta_2=0.999",
    ],
    "gfmn": [
        "--objective=gfmn",
        "--allow_matched_score",
        "--moving_average_rate=1e-3",
        "--learning_rate=1e-3",
        "--beta_2=0.999",
    ],
    # As in the recipes: generators of an auto-encoder's codes.
    "gmmn_ae": [
        "--objective=gmmn_ae",
        *_CODES,
        "--bandwidths=0.15,0.3,0.6,1.2",
        "--median_bandwidth",
        "--learning_rate=1e-3",
    ],
    "drift_ae": [
        "--objective=drift_ae",
        *_CODES,
        "--learning_rate=2e-3",
        "--learning_rate_schedule=linear",
    ],
    "drift_refined": [
        "--objective=drift_ae",
        *_CODES,
        "--learning_rate=2e-3",
        "--learning_rate_schedule=cosine",
        "--code_steps=4000",
        "--refine_learning_rate=3e-4",
        "--steps=6100",
    ],
    # With the published rho the critic is not held before tens of thousands of
    # its updates.
    "fisher": ["--objective=fisher", "--constraint_weight=0.1"],
    "mmd_small": ["--objective=mmd", _SMALL],
    "sn_smmd_small": ["--objective=sn_smmd", _SMALL],
    "wgan_gp_small": ["--objective=wgan_gp", _SMALL],
    # Spectral normalisation is all that bounds the critic of this WGAN.
    "sn_wgan": [
        "--objective=wgan",
        "--weight_clip=0",
        "--burn_in_critic_steps=0",
        "--nocritic_batch_norm",
        "--spectral_norm=matrix",
    ],
    **{
        f"{name}_{variation}": [f"--objective={name}", *flags]
        for name in SCALED
        for variation, flags in _VARIATIONS.items()
    },
    "smmd_rq": ["--objective=smmd", "--kernel=rq"],
    "sn_smmd_rq": ["--objective=sn_smmd", "--kernel=rq"],
}


def catalogue(
    objectives: Collection[str],
    families: Mapping[str, tuple[str, Collection[str]]],
    extra: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """One method for each objective or member of a family, and the extra ones.

    Families of an objective that is not in `objectives` are left out.
    """
    methods: dict[str, list[str]] = {}
    for name in objectives:
        flag = f"--objective={name}"
        setting, members = families.get(name, ("", ()))
        for member in members:
            methods[f"{name}_{member}"] = [flag, f"--{setting}={member}"]
        if not members:
            methods[name] = [flag]
    return methods | {name: list(flags) for name, flags in extra.items()}


ENTRIES = catalogue(published.OBJECTIVES, FAMILIES, EXTRA_ENTRIES)

# What is published for points in the plane instead: Gulrajani et al. 2017,
# code for toy data; Srivastava et al. 2020, code for MMD GAN on the ring.
_ON_RING = {
    "wgan_gp": ["--gradient_penalty=0.1"],
    "wgan": ["--weight_clip=0.1"],
    "li_mmd": ["--weight_clip=0.1"],
}

# Methods with one critic update in a generator step get as many critic updates
# as the others, which have five.
_SINGLE_UPDATES = (
    "repulsive_mmd",
    "bounded_repulsive_mmd",
    "gan_minimax",
    "gan",
    "boundary_seeking",
    "lsgan",
    "relativistic",
    "relativistic_paired",
    "improved",
    "improved_minibatch",
    "dfm",
    *(f"f_gan_{name}" for name in f_divergences.DIVERGENCES),
)

# The divergence is infinite where only the generator has images. A critic whose
# slope is not bounded falls off there, and sends all images to one place.
_NEYMAN = ["--r1=10", "--r2=10"]

# Not adversarial; as in flags/fashion_mnist_gram.cfg, _gfmn.cfg, _refined.cfg.
_ON_FASHION_MNIST = {
    "drift_refined": ["--refine_features=masked_fashion_mnist,pixels"],
    "gram": [
        "--architecture=mlp",
        "--generator_width=256",
        "--critic_width=256",
        "--nogenerator_batch_norm",
        "--latent_size=10",
        "--batch_size=200",
    ],
    "gfmn": [
        "--matched_features=lenet_fashion_mnist",
        "--architecture=mlp",
        "--generator_width=128",
        "--latent_size=20",
        "--latent_distribution=normal",
        "--batch_size=64",
    ],
}

# Flags of a method on one data set, which come after the method's own.
ON_DATA: dict[str, dict[str, list[str]]] = {
    "ring": _ON_RING,
    "digits": {
        **{name: ["--steps=2500"] for name in _SINGLE_UPDATES},
        "f_gan_neyman": ["--steps=2500", *_NEYMAN],
        # With batch normalisation the critic of so small images, whose last
        # stage is one pixel, leaves this generator where it is.
        "boundary_seeking": [
            "--steps=2500", "--nocritic_batch_norm", "--r1=2.5",
        ],
        # By the published bound nothing moves.
        "li_mmd": ["--weight_clip=0.1", "--nocritic_batch_norm"],
        "wgan": ["--weight_clip=0.1"],
        "gfmn": ["--matched_features=lenet_digits"],
        "drift_refined": ["--refine_features=masked_digits,pixels"],
    },
    "fashion_mnist": {"f_gan_neyman": _NEYMAN, **_ON_FASHION_MNIST},
    "fashion_mnist_long": _ON_FASHION_MNIST,
}  # fmt: skip
