"""What scores a run: the held-out images of its data set, looked at first."""

import dataclasses

from tf_mmdgan import data
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.evaluation import Scorer, scorer_of_run
from tf_mmdgan.training import run_data


def scorer(
    config: TrainConfig,
    table: data.Table | None = None,
    data_dir: str | None = None,
) -> Scorer:
    """The scorer of a run; warns of images that are not those of its training.

    Args:
      config: of the run.
      table: that of a run on rows, by which it has standardised them.
      data_dir: the folder of the images; by default that of the run's record.

    Raises:
      UsageError: for a folder that a record names, in a run that is not
        trusted.
      DataError: for images or weights that cannot be used.
    """
    read = config
    if data_dir is not None:
        read = dataclasses.replace(config, data_dir=data_dir)
    run_data.check_scored(read)
    found = scorer_of_run(read, table=table)
    run_data.warn_of_pixels(config, read, held_out=found.real)
    return found
