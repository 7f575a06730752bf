"""Fetches and decodes a data set, and checks it against what was published.

tf-mmdgan prepare_data --dataset=cifar10 --download
tf-mmdgan prepare_data --dataset=folder --data_dir=pictures
tf-mmdgan prepare_data --dataset=digits --features=inception --download

The last line of stdout is a JSON object with the numbers of each split. What
was fetched and decoded is kept: training starts at once, and a preparation that
was interrupted does not repeat it when the same command is given again.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import DataConfig
from tf_mmdgan.config.fields import Named, setting
from tf_mmdgan.tools import cli


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepareDataConfig(DataConfig):
    """One data set, and maybe what it is to be scored or matched by."""

    features: Named | None = setting(
        None,
        "Feature extractor to fetch and to try, as of tf-mmdgan evaluate.",
    )


def prepare_data(config: PrepareDataConfig) -> Mapping[str, Any]:
    """Loads and checks both splits, and the extractor that is named.

    Raises:
      UsageError: for an unknown extractor.
      DataError: for a split that is not what it should be, and for weights that
        cannot be used.
    """
    from tf_mmdgan import data, features
    from tf_mmdgan.data import summary

    extractor = None
    if config.features:
        extractor = features.get_extractor(
            config.features, download=config.download
        )
    entry = data.DATASET_FAMILY.get(config.dataset)
    report, faults = {}, []
    for split in data.SPLITS:
        found = summary.summary(data.load(config, split))
        report[split] = found
        expected = entry.counts and entry.counts[split]
        for fault in summary.faults(found, expected):
            faults.append(f"{split} has {fault}")
    if faults:
        raise errors.DataError(
            f"{config.dataset} is not as it should be: {'; '.join(faults)}."
        )
    told = {"dataset": config.dataset, "data_dir": config.data_dir, **report}
    if extractor is not None:
        told["features"] = extractor.identifier
    return told


def main() -> None:
    """Console entry point."""
    cli.run(PrepareDataConfig, prepare_data)


if __name__ == "__main__":
    main()
