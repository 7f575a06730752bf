"""Tests whether two samples have one distribution, and shows what differs.

tf-mmdgan two_sample --x=a.npy --y=b.npy
tf-mmdgan two_sample --x=photos --y=others --out=apart.json
tf-mmdgan two_sample --x=digits/test --y=runs/one --than=runs/two

Prints a p-value, and with a third sample which of two is nearer, in words on
stderr and as JSON. With
--out it writes them, and a page with the pictures that tell the samples apart
most.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tf_mmdgan import errors
from tf_mmdgan.config import TwoSampleConfig
from tf_mmdgan.tools import cli

if TYPE_CHECKING:
    from tf_mmdgan.evaluation.loaded import Loaded


def two_sample(config: TwoSampleConfig) -> Mapping[str, Any]:
    """Tests the samples that `config` names."""
    from tf_mmdgan.evaluation import outputs, two_sample_page
    from tf_mmdgan.evaluation import two_sample as comparisons

    def draw_run(run_dir: str, count: int, seed: int) -> "Loaded":
        from tf_mmdgan.evaluation.loaded import Loaded
        from tf_mmdgan.training import finished

        run = finished.load_run(run_dir, config.checkpoint, config.trust_run)
        drawn = run.model.generate(count, seed, weights=config.weights)
        return Loaded(drawn, run_dir, table=run.table)

    if config.out is not None:
        outputs.check(config.out)
    comparison = comparisons.compare(config, draw_run)
    outcome = comparison.to_dict()
    errors.tell(two_sample_page.verdict(outcome))
    if config.out is not None:
        comparison.write(config.out, config.shown)
        outputs.tell(config.out)
    return outcome


def main() -> None:
    """Console entry point."""
    cli.run(TwoSampleConfig, two_sample)


if __name__ == "__main__":
    main()
