"""Settings of export, of connections, and of the page that shows samples."""

import dataclasses
import re

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import WEIGHTS, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """One SavedModel made from a trained run.

    For example:

        >>> tm.ExportConfig(run_dir="runs/mine", export_dir="served").checkpoint
        'last'
    """

    run_dir: str = setting("", "Folder of the run.")
    export_dir: str | None = setting(
        None,
        "Folder that gets the next version; by default RUN_DIR/export.",
    )
    checkpoint: str | int = fields.checkpoint()
    trust_run: bool = fields.trust_run()
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )
    sampling_steps: int | None = fields.sampling_steps()
    formats: str = setting(
        "saved_model",
        "Formats, separated by commas: saved_model, and beside it keras, "
        "litert, onnx.",
    )
    standing_batches: int | None = setting(
        None,
        "So many fresh batches of generated images give the statistics by "
        "which the generator normalises; 0: it has those of training; by "
        "default as the run has it.",
    )
    max_samples: int = setting(1024, "The most images of one request.")
    model_name: str = setting("generator", "What clients call the model.")
    licence: str | None = setting(
        None, "Licence of data and weights, which the model card states."
    )

    def __post_init__(self):
        fields.settle(self)
        fields.require(bool(self.run_dir), "--run_dir is missing: name a run.")
        fields.require_positive(self, "max_samples", "sampling_steps")
        fields.require_non_negative(self, "standing_batches")
        fields.require_checkpoint(self)
        _require_model_name(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConnectionConfig:
    """Where samples come from: a server, or a SavedModel in this process."""

    saved_model: str | None = setting(
        None, "Folder of an exported generator, with or without a version."
    )
    target: str | None = setting(
        None, "Address of a model server, as host:port."
    )
    rest: bool = setting(False, "Whether to talk JSON over HTTP, not gRPC.")
    model_name: str = setting("generator", "What the server calls the model.")
    model_version: int | None = setting(
        None, "Version to ask for; by default the newest."
    )
    timeout: float = setting(30.0, "Seconds for a request and its retries.")
    retries: int = setting(4, "Further tries while the server is unavailable.")
    batch_size: int = setting(64, "Images of one request; more are split.")
    tls: bool = setting(False, "Whether to encrypt, and to check the server.")
    tls_ca: str | None = setting(
        None, "File of certificates to trust; by default the system's."
    )
    token_file: str | None = setting(
        None, "File with a bearer token, which is sent with every request."
    )
    token_in_clear: bool = setting(
        False, "Whether to send the token without --tls all the same."
    )

    def __post_init__(self):
        fields.settle(self)
        _require_model_name(self)
        fields.require_positive(self, "timeout", "batch_size")
        fields.require_non_negative(self, "retries", "model_version")
        fields.require(
            self.target is None or _is_target(self.target),
            f"--target={self.target}: must be host:port, the port 1 to 65535.",
        )
        self._require_target("tls", "token_file", "model_version")
        fields.require(
            self.tls_ca is None or self.tls, "--tls_ca is for --tls only."
        )
        fields.require(
            self.token_file is None or self.tls or self.token_in_clear,
            "--token_file needs --tls, else anyone on the way can read the "
            "token; --token_in_clear sends it all the same.",
        )

    def _require_target(self, *names: str) -> None:
        for name in names:
            fields.require(
                self.target is not None or not getattr(self, name),
                f"--{name} is for --target=host:port only.",
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoConfig(ConnectionConfig):
    """A web page that shows samples.

    For example:

        >>> tm.DemoConfig(saved_model="served").saved_model
        'served'
    """

    local: bool = setting(
        False,
        "Whether to start the test server on --saved_model, and ask that.",
    )
    batching: bool = setting(
        False, "Whether --local joins requests of several clients."
    )
    host: str = setting("127.0.0.1", "Address that the page is served on.")
    allowed_host: str = setting(
        "",
        "Further names of this machine, separated by commas, under which the "
        "page may be asked for; localhost and --host are always.",
    )
    port: int = setting(8080, "Port of the page; 0 takes a free one.")
    grpc_port: int = setting(8500, "Port of --local for gRPC; 0: a free one.")
    rest_port: int = setting(8501, "Port of --local for REST; 0: a free one.")

    def __post_init__(self):
        super().__post_init__()
        fields.require(
            (self.saved_model is None) != (self.target is None),
            "Name what to show: either --saved_model or --target.",
        )
        fields.require(
            not self.local or self.saved_model is not None,
            "--local is for --saved_model: the folder that it serves.",
        )
        fields.require(
            self.local or not self.batching, "--batching is for --local."
        )
        if not self.local:
            self._require_target("rest")
        for name in ("port", "grpc_port", "rest_port"):
            value = getattr(self, name)
            fields.require(
                0 <= value < 2**16, f"--{name}={value}: must be 0 to 65535."
            )


def _is_target(text: str) -> bool:
    match = re.fullmatch(r"[^\s/]+:(\d{1,5})", text)
    return match is not None and 0 < int(match[1]) < 2**16


def _require_model_name(config: ExportConfig | ConnectionConfig) -> None:
    # It is a part of URLs.
    fields.require(
        re.fullmatch(r"[\w.-]+", config.model_name) is not None,
        f"--model_name={config.model_name}: must be letters, digits, '.', '_' "
        "and '-'.",
    )
