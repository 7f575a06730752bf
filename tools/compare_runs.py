"""Compares finished runs: curves, settings that differ, and tests.

tf-mmdgan compare_runs runs/one runs/two
tf-mmdgan compare_runs runs/* --out=all.json

Writes the curves of KID and FID over steps and over time, the settings that
differ, and for each two runs whether their images have one distribution, and
which are nearer to the held-out ones, with p-values: to --out as JSON, beside
it as a page and as a picture. Prints what the tests found, and the same JSON.
The runs must have been scored on the same features.
"""

from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import CompareRunsConfig
from tf_mmdgan.tools import cli


def compare_runs(config: CompareRunsConfig) -> Mapping[str, Any]:
    """Compares the runs that `config` names."""
    from tf_mmdgan import training
    from tf_mmdgan.evaluation import outputs
    from tf_mmdgan.training import compared_page

    found = training.compare_runs(config)
    found.write(config.out)
    outcome = found.to_dict()
    for test in outcome["tests"]:
        errors.tell(compared_page.verdict(test))
    outputs.tell(config.out)
    return outcome


def main() -> None:
    """Console entry point."""
    cli.run(CompareRunsConfig, compare_runs)


if __name__ == "__main__":
    main()
