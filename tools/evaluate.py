"""Scores a run, or any images, against real images.

python tools/evaluate.py --run_dir=runs/digits
python tools/evaluate.py --run_dir=runs/classes --per_class
python tools/evaluate.py --real=digits/test --fake=images.npz
python tools/evaluate.py --real=my_photos --fake=served/mine --features=pixels

Prints the report as JSON. Of a run, it is written to RUN_DIR/report.json and
.html too, of other images where --out says.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tf_mmdgan.config import DataConfig, EvaluateConfig
from tf_mmdgan.tools import cli

if TYPE_CHECKING:
    from tf_mmdgan.evaluation import Scorer


def evaluate(config: EvaluateConfig) -> Mapping[str, Any]:
    """Scores what `config` names."""
    from tf_mmdgan.evaluation import from_config

    if config.run_dir is not None:
        return _evaluate_run(config)
    if from_config.is_statistics(config.real):
        report = from_config.score_by_statistics(config)
        if config.out is not None:
            report.write(config.out)
        return report.to_dict()
    scorer, images = from_config.make_pair(config)
    report = scorer.report(images, config.fake)
    if config.out is not None:
        scorer.write(report, images, config.out)
    _save_statistics(config, scorer)
    return report.to_dict()


def _evaluate_run(config: EvaluateConfig) -> Mapping[str, Any]:
    from tf_mmdgan import data
    from tf_mmdgan.evaluation import class_scores, from_config
    from tf_mmdgan.training import finished

    run_config, model = finished.load_run(config.run_dir, config.checkpoint)
    scorer = from_config.make_scorer(config, run_config)
    classes = None
    if config.per_class:  # first, because it is what may be refused
        source = DataConfig.of(
            config.filled_from(run_config),
            dataset=run_config.dataset,
            image_size=run_config.image_size,
        )
        real = data.load(source, "test")
        classes = class_scores.class_scores(
            scorer, real.labels, real.num_classes, model, config.weights
        )
    report = finished.score_run(
        run_config, model, scorer, config.weights, config.out, classes
    )
    _save_statistics(config, scorer)
    return report.to_dict()


def _save_statistics(config: EvaluateConfig, scorer: "Scorer") -> None:
    from tf_mmdgan import metrics

    if config.save_statistics is not None:
        metrics.write_moments(
            config.save_statistics,
            metrics.Moments.of(scorer.real_features),
            scorer.extractor.identifier,
        )


def main() -> None:
    """Console entry point."""
    cli.run(EvaluateConfig, evaluate)


if __name__ == "__main__":
    main()
