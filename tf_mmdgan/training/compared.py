"""Finished runs side by side: curves, settings that differ, and tests."""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import config as config_room
from tf_mmdgan import errors, files, published
from tf_mmdgan.config import (
    CompareRunsConfig,
    EvaluateConfig,
    ReadConfig,
    fields,
)
from tf_mmdgan.evaluation import RunHistory, Scorer, from_config, outputs
from tf_mmdgan.evaluation.charts import charts_png
from tf_mmdgan.metrics import kid_tests
from tf_mmdgan.training import compared_page, history, run_data
from tf_mmdgan.training.compared_page import UNEQUAL
from tf_mmdgan.training.finished import TrainedRun, load_run
from tf_mmdgan.training.run_directory import (
    CONFIG_FILE,
    REPORT_FILE,
    recorded,
)

_SHOWN = 16  # images of each run on the page
_SCORES = dict[str, dict[str, float | None]]
_COUNTS = ("num_real", "num_fake")


@dataclasses.dataclass(frozen=True)
class RunSide:
    """One of the runs that are compared.

    Attributes:
      name: the last part of its folder; where two have the same, its path in
        the folder that holds all runs.
      report: its report.json.
      history: how it came about.
      images: some that it has drawn, uint8 [n, h, w, c], or rows, which no
        page shows.
      features: of as many as are tested, [n, d].
    """

    name: str
    report: Mapping[str, Any]
    history: RunHistory
    images: np.ndarray
    features: np.ndarray


@dataclasses.dataclass(frozen=True)
class RunComparison:
    """Runs, and what tests of each two of them found.

    Attributes:
      runs: in the order in which they were named.
      tests: of each two runs, as JSON has them.
    """

    runs: Sequence[RunSide]
    tests: Sequence[Mapping[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        first = self.runs[0].report
        return files.finite(
            {
                "features": first["extractor"],
                "real": first["real"],
                "runs": {
                    run.name: {
                        "step": run.report.get("step"),
                        "seconds": run.history.seconds,
                        "scores": run.report["scores"],
                    }
                    for run in self.runs
                },
                "differing_settings": self.differing,
                "differing_scoring": self.differing_scoring,
                "tests": list(self.tests),
            }
        )

    @property
    def differing(self) -> dict[str, list[Any]]:
        """Settings that are not in force in all runs alike, in their order."""
        return _differing([run.history.in_force for run in self.runs])

    @property
    def differing_scoring(self) -> dict[str, list[Any]]:
        """Numbers of images and settings of metrics that differ, likewise."""
        return _differing([_scoring(run.report) for run in self.runs])

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the comparison as JSON; a page and a picture beside it."""
        outcome = published.without_places(self.to_dict())
        histories = {run.name: run.history for run in self.runs}
        charts = compared_page.charts(histories)
        page = compared_page.render(
            outcome,
            published.without_places(self.runs[0].report.get("baseline")),
            charts,
            {r.name: r.images for r in self.runs if r.images.ndim == 4},
        )
        outputs.write(path, outcome, page)
        if any(chart.drawn for chart in charts):
            files.write_bytes(_picture_beside(path), charts_png(charts))


@errors.naming_settings()
def compare_runs(
    config: CompareRunsConfig | None = None, **settings: Any
) -> RunComparison:
    """Compares finished runs with each other.

        found = tm.training.compare_runs(runs=("runs/one", "runs/two"))
        print(found.tests[0]["nearer"], found.tests[0]["nearer_p_value"])

    For each two runs there is a two-sample test of whether their images come
    from one law, `kid_tests.kid_test`, and a three-sample test of which are
    nearer to the held-out images, `kid_tests.nearer_test`; both on the features
    that the runs were scored on.

    Args:
      config: names the runs.
      **settings: single settings, by the names of the fields of
        `CompareRunsConfig`; they win over `config`.

    Raises:
      UsageError: for runs that were scored on different features, or against
        different images; and for files that cannot be replaced.
      DataError: for what is no run, or has not been scored.
    """
    config = config_room.given(CompareRunsConfig, config, settings)
    outputs.check(config.out, pictures=[_picture_beside(config.out)])
    reports = {run: _report(run) for run in config.runs}
    _check_comparable(reports)
    # All, before the features of any, for that is when a run is refused.
    loaded = {
        run: load_run(run, config.checkpoint, config.trust_run)
        for run in config.runs
    }
    for run, report in reports.items():
        _warn_of_another_step(run, report.get("step"), loaded[run].step)
    _warn_of_other_scoring(reports)
    first = config.runs[0]
    scorer = _scorer(config, loaded[first], reports[first])
    sides = []
    for place, (run, name) in enumerate(_names(config.runs).items()):
        count = min(config.num_samples, scorer.count)
        seed = (config.seed + place) % 2**63
        drawn = loaded[run].model.generate(count, seed, weights=config.weights)
        found = history.of_run(loaded[run].config)
        features = scorer.features(drawn)
        side = RunSide(name, reports[run], found, drawn[:_SHOWN], features)
        sides.append(side)
    real = scorer.real_features
    tests = [
        _tested(config, real, one, other)
        for one, other in itertools.combinations(sides, 2)
    ]
    return RunComparison(sides, tests)


def _picture_beside(path: str | os.PathLike[str]) -> pathlib.Path:
    return pathlib.Path(path).with_suffix(".png")


def _report(run_dir: str) -> dict[str, Any]:
    """The report of a run.

    Raises:
      DataError: if there is none.
    """
    report = recorded(pathlib.Path(run_dir) / REPORT_FILE)
    kinds = {
        "scores": _SCORES, "baseline": _SCORES | None, "step": int | None,
        "extractor": str, "real": str, "num_real": int | None,
        "num_fake": int | None,
        "settings": dict[str, int | float | str] | None,
    }  # fmt: skip
    if not all(fields.fits(report.get(k), kind) for k, kind in kinds.items()):
        raise errors.DataError(
            f"{run_dir} has no scores: it is no run, or one that has not been "
            f"scored; tf-mmdgan evaluate --run_dir={run_dir} does that."
        )
    return report


def _check_comparable(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses scores that do not compare.

    Raises:
      UsageError: naming two runs, and how they were scored.
    """
    first, *others = reports
    held_out = _held_out(first)
    for other in others:
        if None not in (held_out, _held_out(other)) and (
            held_out != _held_out(other)
        ):
            raise errors.UsageError(
                f"Scores do not compare: {first} and {other} have other "
                "held-out images, of other data or another size. Compare runs "
                "that were trained on the same."
            )
    for name, words in (("extractor", "on features of"), ("real", "against")):
        for other in others:
            one, another = reports[first][name], reports[other][name]
            if one != another:
                raise errors.UsageError(
                    f"Scores do not compare: {first} was scored {words} "
                    f"{errors.excerpt(one)}, {other} {words} "
                    f"{errors.excerpt(another)}. Score one of them anew by "
                    "tf-mmdgan evaluate."
                )


def _held_out(run_dir: str) -> str | None:
    """A hash of the images that score a run; None where its record has none.

    Two data sets of one's own have one name, such as folder.
    """
    data = recorded(pathlib.Path(run_dir) / CONFIG_FILE).get("data")
    found = data.get("held_out") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def _warn_of_another_step(run: str, scored: object, step: int) -> None:
    if scored != step:
        errors.warn(
            f"{run}: its scores are those of step {scored}, and the images "
            f"that are tested those of step {step}; tf-mmdgan evaluate "
            f"--run_dir={run} scores it anew.",
            stacklevel=3,
        )


def _scoring(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the scores of a report depend on, beside images and chance."""
    found = {name: report.get(name) for name in _COUNTS}
    found |= report.get("settings") or {}
    found.pop("seed", None)
    return found


def _differing(every: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """What is not alike in all of them: the values of each, by its name."""
    names = dict.fromkeys(itertools.chain(*every))
    rows = {name: [found.get(name) for found in every] for name in names}
    return {
        name: values
        for name, values in rows.items()
        if any(value != values[0] for value in values)
    }


def _warn_of_other_scoring(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Warns of scores of other numbers of images, or by other settings."""
    differing = _differing([_scoring(report) for report in reports.values()])
    if differing:
        told = "; ".join(
            f"{name} is {errors.excerpt(', '.join(map(str, values)))}"
            for name, values in differing.items()
        )
        errors.warn(
            f"{', '.join(reports)} were not scored alike: {told}. {UNEQUAL} "
            "tf-mmdgan evaluate scores a run anew.",
            stacklevel=3,
        )


def _scorer(
    config: CompareRunsConfig, run: TrainedRun, report: Mapping[str, Any]
) -> Scorer:
    """What extracts the features that the runs were scored on."""
    reading = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(ReadConfig)
    }
    settings = EvaluateConfig(
        run_dir=run.config.run_dir, metrics="kid_exact", **reading
    )
    there = settings.filled_from(run.config).data_dir
    run_data.check_scored(dataclasses.replace(run.config, data_dir=there))
    scorer = from_config.make_scorer(
        settings, run.config, run.image_shape, run.table
    )
    run_data.warn_of_scored(settings, run.config, scorer.real)
    if published.without_places(scorer.source) != report["real"]:
        raise errors.UsageError(
            f"{run.config.run_dir} was scored against "
            f"{errors.excerpt(report['real'])}, and the tests are against "
            f"{scorer.source}: score it anew by tf-mmdgan evaluate."
        )
    if scorer.identifier != report["extractor"]:
        raise errors.UsageError(
            f"{run.config.run_dir} was scored on features of "
            f"{errors.excerpt(report['extractor'])}, and its curve is on "
            f"{scorer.identifier}: score it anew by tf-mmdgan evaluate."
        )
    return scorer


def _names(runs: Sequence[str]) -> dict[str, str]:
    """A short name of each run."""
    paths = [pathlib.Path(run).resolve() for run in runs]
    names = [path.name for path in paths]
    if len(set(names)) < len(runs):
        # From where they part, for what is published tells no more.
        shared = os.path.commonpath([path.parent for path in paths])
        names = [os.path.relpath(path, shared) for path in paths]
    return dict(zip(runs, names, strict=True))


def _tested(
    config: CompareRunsConfig, real: np.ndarray, one: RunSide, other: RunSide
) -> dict[str, Any]:
    test = kid_tests.kid_test(
        one.features, other.features, config.num_permutations, config.level,
        config.seed,
    )  # fmt: skip
    nearer = kid_tests.nearer_test(
        real, one.features, other.features, None, config.level, config.seed
    )
    sides = {"x": one.name, "y": other.name, None: None}
    return {
        "x": one.name,
        "y": other.name,
        "num_samples": len(one.features),
        "kid_between": float(test.statistic),
        "p_value": test.p_value,
        "rejected": test.rejected,
        "nearer": sides[nearer.nearer],
        "nearer_p_value": nearer.p_value,
        "kid_difference": nearer.difference,
        "kid_difference_standard_error": nearer.standard_error,
        "level": config.level,
    }
