"""What the sources say of two methods, decided by trained runs of both."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

from tf_mmdgan.metrics import kid_tests
from tf_mmdgan.reproduction.comparison import curves
from tf_mmdgan.reproduction.comparison.cells import run_folder
from tf_mmdgan.reproduction.comparison.stored import read_rows

# Of each seed's test, and the seeds that a decision needs.
LEVEL = 0.01
SEEDS = 3


@dataclasses.dataclass(frozen=True)
class Claim:
    """One method is nearer to the data than another.

    Attributes:
      text: the claim, as a sentence.
      source: where it is made.
      better: method that is said to be nearer.
      worse: the other.
      data: data set of the comparison.
    """

    text: str
    source: str
    better: str
    worse: str
    data: str = "fashion_mnist_long"


_DEMYSTIFYING = "Binkowski et al. 2018, Demystifying MMD GANs"
_REGULARIZERS = "Arbel et al. 2018, On gradient regularizers for MMD GANs"
_REPULSIVE = "Wang et al. 2019, Improving MMD-GAN training with repulsive loss"
_RATIO = "Srivastava et al. 2020, Generative ratio matching networks"
_FEATURES = (
    "Santos et al. 2019, Learning implicit generative models by features"
)

_DRIFTING = "Deng et al. 2026, Generative modeling via drifting"

CLAIMS: dict[str, Claim] = {
    "small_critic": Claim(
        "With a small critic an MMD GAN is better than a WGAN-GP.",
        _DEMYSTIFYING, "mmd_small", "wgan_gp_small",
    ),
    "usual_critic": Claim(
        "With a critic as wide as the generator an MMD GAN is better than a "
        "WGAN-GP.",
        _DEMYSTIFYING, "mmd", "wgan_gp",
    ),
    "sn_smmd_mmd": Claim(
        "SN-SMMD is better than an MMD GAN.", _REGULARIZERS, "sn_smmd", "mmd"
    ),
    "sn_smmd_wgan_gp": Claim(
        "SN-SMMD is better than a WGAN-GP.",
        _REGULARIZERS, "sn_smmd", "wgan_gp",
    ),
    "sn_smmd_sn_gan": Claim(
        "SN-SMMD is better than an SN-GAN.",
        _REGULARIZERS, "sn_smmd", "sn_gan",
    ),
    "sn_smmd_smmd": Claim(
        "A scaled MMD is better with spectral normalisation than without.",
        _REGULARIZERS, "sn_smmd", "smmd",
    ),
    "smmd_mmd": Claim(
        "A scaled MMD is better than an MMD with a gradient penalty.",
        _REGULARIZERS, "smmd", "mmd",
    ),
    "repulsive": Claim(
        "The repulsive loss is better than the attractive one.",
        _REPULSIVE, "repulsive_mmd", "attractive",
    ),
    "bounded_repulsive": Claim(
        "The bounded kernel makes the repulsive loss better.",
        _REPULSIVE, "bounded_repulsive_mmd", "repulsive_mmd",
    ),
    "ratio_mmd_gan": Claim(
        "Ratio matching is better than an MMD GAN.", _RATIO, "gram", "mmd"
    ),
    "ratio_gan": Claim(
        "Ratio matching is better than a GAN.", _RATIO, "gram", "gan"
    ),
    "features_gan": Claim(
        "Matching features of a fixed network is better than a GAN.",
        _FEATURES, "gfmn", "gan",
    ),
    "drift_mmd": Claim(
        "Of the codes of an auto-encoder, drifting is better than the MMD.",
        _DRIFTING, "drift_ae", "gmmn_ae",
    ),
    "drift_features": Claim(
        "Drifting in many groups of features is better than in codes alone.",
        _DRIFTING, "drift_refined", "drift_ae",
    ),
}  # fmt: skip


def decide(
    output_dir: str | os.PathLike[str], seeds: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Every claim, with what the runs in a folder say of it.

    Runs are compared by the features that `curves.score_again` has left; a seed
    that lacks a run of either method says nothing.

    Args:
      output_dir: of the comparison.
      seeds: that count.

    Returns:
      By name the claim; for each seed the difference in MMD^2 to held-out
      images, negative where the claim is right, and its p-value, see
      `kid_tests.nearer_test`; and the verdict.
    """
    return {
        name: {
            **dataclasses.asdict(claim),
            **_evidence(output_dir, claim, seeds),
        }
        for name, claim in CLAIMS.items()
    }


def _evidence(
    output_dir: str | os.PathLike[str], claim: Claim, seeds: Sequence[int]
) -> dict[str, Any]:
    rows = []
    for seed in seeds:
        better, worse = (
            run_folder(output_dir, claim.data, method, seed) / curves.FEATURES
            for method in (claim.better, claim.worse)
        )
        if better.is_file() and worse.is_file():
            names = ("real", "generated")
            (real, near), (_, far) = (
                read_rows(path, names) for path in (better, worse)
            )
            found = kid_tests.nearer_test(real, near, far)
            rows.append(
                {
                    "seed": seed,
                    "difference": found.difference,
                    "standard_error": found.standard_error,
                    "p_value": found.p_value,
                }
            )
    return {"seeds": rows, "verdict": verdict(rows)}


def verdict(rows: Sequence[Mapping[str, float]]) -> str:
    """What all seeds say together.

    Args:
      rows: of `decide`, one for each seed.

    Returns:
      "holds" or "fails" where `SEEDS` seeds or more agree, each with a p-value
      below `LEVEL`; else "undecided".
    """
    signs = {row["difference"] < 0.0 for row in rows}
    sure = all(row["p_value"] < LEVEL for row in rows)
    if len(rows) < SEEDS or not sure or len(signs) > 1:
        return "undecided"
    return "holds" if signs.pop() else "fails"
