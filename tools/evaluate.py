"""Scores a run, or any images, against real images.

tf-mmdgan evaluate --run_dir=runs/digits
tf-mmdgan evaluate --run_dir=runs/classes --per_class --cas
tf-mmdgan evaluate --real=digits/test --fake=images.npz
tf-mmdgan evaluate --real=my_photos --fake=served/mine --features=pixels

Prints the report as JSON, after a line of its main numbers on stderr. Of a run,
it is written to RUN_DIR/report.json and .html too, of other images where --out
says.
"""

import json
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.tools import cli


def evaluate(config: EvaluateConfig) -> Mapping[str, Any]:
    """Scores what `config` names."""
    from tf_mmdgan import training
    from tf_mmdgan.evaluation import main_scores, outputs
    from tf_mmdgan.evaluation.report import NotWrittenError

    try:
        report = training.evaluate(config)
    except NotWrittenError as error:
        print(json.dumps(error.report.to_dict()))
        raise
    told = main_scores.in_words(report.scores)
    if told:
        errors.tell(f"{told}, by {report.extractor}.")
    if config.out is not None:
        outputs.tell(config.out)
    return report.to_dict()


def main() -> None:
    """Console entry point."""
    cli.run(EvaluateConfig, evaluate)


if __name__ == "__main__":
    main()
