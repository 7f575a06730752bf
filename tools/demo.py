"""Serves a web page with samples, a seed, truncation and interpolation.

tf-mmdgan demo --target=localhost:8500       asks a TF Serving model
tf-mmdgan demo --saved_model=served/digits   asks it in this process
tf-mmdgan demo --saved_model=served/digits --local
                     starts the test server on its ports, and asks that
"""

import contextlib
import signal
from collections.abc import Iterator, Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import DemoConfig, spelling
from tf_mmdgan.tools import cli, sources


def demo(config: DemoConfig) -> Mapping[str, Any]:
    """Serves the page until it is interrupted."""
    from tf_mmdgan import serving
    from tf_mmdgan.serving.page import make_app

    with contextlib.ExitStack() as stack:
        predictor, source = _source(config, stack)

        def sampler() -> serving.Sampler:
            made = serving.Sampler(predictor, config.batch_size)
            if made.makes_rows:
                raise errors.UsageError(
                    "The page shows images, and this generator makes rows of a "
                    "table: draw them with tf-mmdgan sample --out=rows.csv."
                )
            return made

        if config.target is None and not config.local:
            sampler()  # A server may not be there yet.
        app = make_app(
            sampler,
            source,
            [config.host, *spelling.entries(config.allowed_host)],
        )
        server = _listening(app, config)
        host = f"[{config.host}]" if ":" in config.host else config.host
        url = f"http://{host}:{server.effective_port}/"
        errors.tell(f"The page is at {url}; Ctrl+C ends it.")
        with _until_stopped():
            server.run()
    return {"page": url}


@contextlib.contextmanager
def _until_stopped() -> Iterator[None]:
    """Ctrl+C, and SIGTERM as from a container's end, leave quietly."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _source(config: DemoConfig, stack: contextlib.ExitStack) -> tuple[Any, str]:
    """What is asked, and what the page says of it."""
    from tf_mmdgan import serving

    if not config.local:
        place = config.target or f"{config.saved_model}, in this process"
        return sources.open_source(
            config
        ).predictor, f"{config.model_name} of {place}"
    from tf_mmdgan import export
    from tf_mmdgan.serving.protocol import BatchingSettings, ProtocolServer

    server = stack.enter_context(
        ProtocolServer(
            config.model_name,
            export.version_paths(config.saved_model),
            config.grpc_port,
            config.rest_port,
            BatchingSettings() if config.batching else None,
        )
    )
    errors.tell(
        f"The test server answers gRPC at {server.grpc_target} and REST at "
        f"{server.rest_target}."
    )
    target = server.rest_target if config.rest else server.grpc_target
    connection = serving.Connection(
        target,
        config.model_name,
        timeout=config.timeout,
        retries=config.retries,
    )
    return (
        serving.connect(connection, config.rest),
        f"{config.model_name} of the test server at {target}",
    )


def _listening(app: Any, config: DemoConfig) -> Any:
    from tf_mmdgan.serving import wsgi

    try:
        return wsgi.Server(app, config.host, config.port)
    except (OSError, ValueError) as error:
        raise errors.DataError(
            f"The page cannot be served on {config.host}:{config.port} "
            f"({getattr(error, 'strerror', error)}); name another --port or "
            "--host."
        ) from error


def main() -> None:
    """Console entry point."""
    cli.run(DemoConfig, demo)


if __name__ == "__main__":
    main()
