"""What a run is made of: devices, images, a model, its scorer and batches."""

import functools

import tensorflow as tf

from tf_mmdgan import data, errors, evaluation
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.distribute import Cluster, make_cluster
from tf_mmdgan.methods import check_method, make_model
from tf_mmdgan.models import ImplicitModel, InputClock
from tf_mmdgan.training import claims, run_data


def cluster_of(config: TrainConfig) -> Cluster:
    """The devices and workers, and TensorFlow as the run wants it."""
    cluster = make_cluster(
        config.strategy,
        logical_cpus=config.logical_cpus,
        gpus=config.gpus,
        memory_growth=config.memory_growth,
    )
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    # The remapper logs an error for each convolution with a leaky ReLU.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    cluster.replica_batch_size(config.batch_size)
    return cluster


def make_parts(
    config: TrainConfig, cluster: Cluster
) -> tuple[data.ImageSet, ImplicitModel, evaluation.Scorer]:
    """Training images, model and scorer.

    What is wrong with settings is told before pictures are decoded, which may
    take minutes: all is made for the images that are to be expected. Where
    only the images tell what to expect, what needs none is looked at.
    """
    check_method(config)
    run_data.check_files(config)
    extractor = evaluation.extractor_of_run(config)
    known = data.preview(config, "train")
    if known is not None:
        run_data.check_preview(config, known)
        model = _checked_model(config, cluster, known)
        evaluation.check_scorer(config, cluster, extractor)
    train_set = data.load(config, "train")
    run_data.check_images(config, train_set)
    if known is not None and known.is_of(train_set):
        _check_training(config, train_set)
    else:
        model = _checked_model(config, cluster, train_set)
    if model.condition is not None:
        model.condition = train_set.condition
    scorer = evaluation.scorer_of_run(config, cluster, extractor)
    run_data.check_held_out(config, scorer.real)
    return train_set, model, scorer


def _check_training(
    config: TrainConfig, found: data.ImageSet | data.Preview
) -> None:
    """Refuses too few images, and classes that none would be learnt of."""
    data.check_batch_size(found, config.batch_size)
    if config.augment and len(found.image_shape) == 1:
        raise errors.UsageError(
            "--augment is for images, and not for rows of a table: leave it "
            "out."
        )
    if config.conditioning != "none":
        data.check_classes(found, run_data.place(config))


def _checked_model(
    config: TrainConfig, cluster: Cluster, found: data.ImageSet | data.Preview
) -> ImplicitModel:
    """An untrained model; all that images and settings lack is told at once."""
    made: list[ImplicitModel] = []
    errors.together(
        lambda: _check_training(config, found),
        lambda: made.append(model_of(config, cluster, found)),
    )
    return made[0]


def model_of(
    config: TrainConfig, cluster: Cluster, found: data.ImageSet | data.Preview
) -> ImplicitModel:
    """An untrained model of such images."""
    claims.check_training(config, found.image_shape, found.condition)
    with cluster.scope():
        model = make_model(config, found.image_shape, found.condition)
    model.input_clock = InputClock()
    return model


def batches_of(
    config: TrainConfig, model: ImplicitModel, train_set: data.ImageSet
) -> functools.partial[tf.data.Dataset]:
    """What makes batches, in which all images or all classes take turns."""
    classes = getattr(model, "classes_per_batch", None)
    if model.num_classes is not None and classes is not None:
        return functools.partial(
            data.grouped_batches,
            train_set,
            classes,
            config.batch_size // classes,
        )
    return functools.partial(
        data.batches,
        train_set,
        config.batch_size,
        with_labels=config.conditioning != "none",
    )
