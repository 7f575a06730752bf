"""Scores a run, or any images, against real images.

python tools/evaluate.py --run_dir=runs/digits
python tools/evaluate.py --run_dir=runs/classes --per_class
python tools/evaluate.py --real=digits/test --fake=images.npz

Prints the report as JSON; of a run, it is written to RUN_DIR/report.json too.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.tools import cli


def evaluate(config: EvaluateConfig) -> Mapping[str, Any]:
    """Scores what `config` names."""
    from tf_mmdgan import class_scoring, experiment, loading, scoring

    out = config.out
    if config.run_dir is None:
        images = scoring.load_images(config.fake, config)
        scorer = scoring.make_scorer(config, count=len(images))
        report = scorer.report_images(scoring.shuffled(images), config.fake)
    else:
        run_config, model = experiment.load_run(config.run_dir)
        scorer = scoring.make_scorer(config, run_config)
        classes = None
        if config.per_class:  # first, because it is what may be refused
            reading = loading.inherited(config, run_config)
            source = dataclasses.replace(
                run_config, **dataclasses.asdict(reading)
            )
            classes = class_scoring.class_scores(
                scorer.extractor,
                loading.load(source, "test"),
                model,
                config.weights,
                config.seed,
            )
        report = dataclasses.replace(
            scorer.report(model, config.weights, config.run_dir),
            classes=classes,
        )
        out = out or pathlib.Path(config.run_dir) / experiment.REPORT_FILE
    if out is not None:
        report.write(out)
    return report.to_dict()


def main() -> None:
    """Console entry point."""
    cli.run(EvaluateConfig, evaluate)


if __name__ == "__main__":
    main()
