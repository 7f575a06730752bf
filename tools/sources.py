"""Where samples come from, as the flags of a tool say."""

import math
from typing import TYPE_CHECKING, NamedTuple

from tf_mmdgan import errors, files
from tf_mmdgan.config import ConnectionConfig

_TOKEN_BYTES = 2**16

if TYPE_CHECKING:
    from tf_mmdgan import data
    from tf_mmdgan.serving import Connection, Predictor
    from tf_mmdgan.training import TrainedRun


class Source(NamedTuple):
    """Where samples come from.

    Attributes:
      predictor: what is asked for them.
      num_classes: that it can be asked for; None for none, and of servers,
        which tell their classes only where these have names.
      run: the run; None for other sources.
      table: columns of the rows that are made, where they are told.
    """

    predictor: "Predictor"
    num_classes: int | None = None
    run: "TrainedRun | None" = None
    table: "data.Table | None" = None


def open_source(config: ConnectionConfig) -> Source:
    """What `config` names: a server, a SavedModel, or else a run.

    Raises:
      UsageError: for settings that cannot be honoured.
      DataError: for files that cannot be used.
    """
    from tf_mmdgan import data, export, serving

    if config.target is not None:
        return Source(serving.connect(_connection(config), config.rest))
    if config.saved_model is not None:
        loaded = export.load_generator(config.saved_model)
        local = serving.LocalPredictor(loaded.signatures)
        table, record = None, loaded.metadata.get("table")
        if record is not None:
            width = math.prod(loaded.metadata["image_shape"])
            table = data.Table.of_record(record, width)
        classes = loaded.metadata.get("num_classes")
        return Source(local, classes, table=table)
    from tf_mmdgan.training import load_run

    run = load_run(
        config.run_dir,
        config.checkpoint,
        config.trust_run,
        config.sampling_steps,
    )
    model = run.model
    servable = export.servable_of(
        run.network(config.weights),
        model.latents,
        model.condition,
        value_range=run.value_range,
    )
    local = serving.LocalPredictor(servable.signatures())
    return Source(local, model.num_classes, run, run.table)


def _connection(config: ConnectionConfig) -> "Connection":
    from tf_mmdgan import serving

    token = None
    if config.token_file is not None:
        token = _read_token(config.token_file)
    return serving.Connection(
        target=config.target,
        model_name=config.model_name,
        model_version=config.model_version,
        timeout=config.timeout,
        retries=config.retries,
        tls=config.tls,
        tls_ca=config.tls_ca,
        token=token,
        token_in_clear=config.token_in_clear,
    )


def _read_token(path: str) -> str:
    from tf_mmdgan.serving.connection import is_token

    try:
        token = files.read_text(path, _TOKEN_BYTES).strip()
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    if not token or not is_token(token):
        raise errors.DataError(f"{path} holds no token, which is one line.")
    return token
