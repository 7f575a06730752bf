"""Claims of the literature, each tested by a small computation.

A study is a module: data -> numbers -> figure. To add one, write the module
with a `STUDY` at its end and give it a line in `STUDIES`.

    >>> tm.STUDIES["witness"].title
    'The optimal witness function'
"""

import os

from tf_mmdgan import errors
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.reproduction.studies import (
    ama,
    colour_disturbances,
    digits_parzen,
    dirac_gan,
    disturbances,
    documents,
    drift_fields,
    eigenfaces,
    f_divergences,
    fid_bias,
    fid_ordering,
    gfmn_quality,
    gradient_bias,
    gradient_constrained_critics,
    gradient_fields,
    inception_and_fid_failures,
    inpainting,
    instance_noise,
    kid_normality,
    kmm_ridge,
    latent_matching,
    more_like_these,
    optimised_distances,
    particles,
    projected_space,
    rank_collapse,
    rank_collapse_digits,
    ring_grid,
    runner,
    schedule_decisions,
    small_batches,
    small_critic,
    sn_robustness,
    sn_robustness_digits,
    sn_wgan,
    sn_wgan_digits,
    truncation,
    two_seeds,
    two_seeds_digits,
    wasserstein,
    white_noise_likelihood,
    witness,
)
from tf_mmdgan.reproduction.studies.runner import StudyResult
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

# In the order of the document's sections.
STUDIES: Catalogue[Study] = Catalogue("study", __doc__) | {
    "witness": witness.STUDY,
    "small_batches": small_batches.STUDY,
    "gradient_bias": gradient_bias.STUDY,
    "dirac_gan": dirac_gan.STUDY,
    "gradient_fields": gradient_fields.STUDY,
    "optimised_distances": optimised_distances.STUDY,
    "gradient_constrained_critics": gradient_constrained_critics.STUDY,
    "instance_noise": instance_noise.STUDY,
    "f_divergences": f_divergences.STUDY,
    "wasserstein": wasserstein.STUDY,
    "particles": particles.STUDY,
    "inception_and_fid_failures": inception_and_fid_failures.STUDY,
    "white_noise_likelihood": white_noise_likelihood.STUDY,
    "disturbances": disturbances.STUDY,
    "colour_disturbances": colour_disturbances.STUDY,
    "kid_normality": kid_normality.STUDY,
    "eigenfaces": eigenfaces.STUDY,
    "inpainting": inpainting.STUDY,
    "more_like_these": more_like_these.STUDY,
    "latent_matching": latent_matching.STUDY,
    "truncation": truncation.STUDY,
    "two_seeds": two_seeds.STUDY,
    "two_seeds_digits": two_seeds_digits.STUDY,
    "sn_robustness": sn_robustness.STUDY,
    "sn_robustness_digits": sn_robustness_digits.STUDY,
    "sn_wgan": sn_wgan.STUDY,
    "sn_wgan_digits": sn_wgan_digits.STUDY,
    "small_critic": small_critic.STUDY,
    "rank_collapse": rank_collapse.STUDY,
    "rank_collapse_digits": rank_collapse_digits.STUDY,
    "fid_bias": fid_bias.STUDY,
    "fid_ordering": fid_ordering.STUDY,
    "schedule_decisions": schedule_decisions.STUDY,
    "kmm_ridge": kmm_ridge.STUDY,
    "projected_space": projected_space.STUDY,
    "ring_grid": ring_grid.STUDY,
    "digits_parzen": digits_parzen.STUDY,
    "ama": ama.STUDY,
    "gfmn_quality": gfmn_quality.STUDY,
    "drift_fields": drift_fields.STUDY,
}


def run(
    name: str,
    output_dir: str | os.PathLike[str],
    quick: bool = False,
    workers: int = 1,
) -> StudyResult:
    """Runs a study, or draws a finished one again; see `runner.run`.

    Raises:
      UsageError: for an unknown study.
      DataError: for a file of the study that is damaged.
    """
    study = errors.pick(STUDIES, name, "study")
    return runner.run(name, study, output_dir, quick, workers)


def write_documents(
    output_dir: str | os.PathLike[str], docs_dir: str | os.PathLike[str]
) -> list[str]:
    """Writes studies.md of all studies; see `documents.write_documents`."""
    return documents.write_documents(STUDIES, output_dir, docs_dir)
