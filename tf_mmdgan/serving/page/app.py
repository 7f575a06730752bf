"""The page and the two requests that it makes, as a WSGI application."""

import base64
import functools
from collections.abc import Callable, Collection
from typing import Any

from tf_mmdgan import errors, images
from tf_mmdgan.serving import visitors
from tf_mmdgan.serving.drawn import Drawn, latency_summary
from tf_mmdgan.serving.sampler import Sampler

with errors.extra("demo", "The page needs"):
    import flask

_MOST_IMAGES = 256
# Nothing comes from elsewhere, and no other page may frame or use this one.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src data:; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def make_app(
    connect: Callable[[], Sampler], source: str, hosts: Collection[str] = ()
) -> flask.Flask:
    """The page.

    Args:
      connect: makes the sampler, when it is first needed and until that works:
        so a server may be started after the page.
      source: what the page says where its images come from.
      hosts: names of this machine under which the page may be asked for,
        beside those that every machine has.

    Returns:
      A WSGI application: `/`, `/api/model`, `/api/samples`,
      `/api/interpolation` and `/api/mixture`. Failures are JSON, {"error":
      one sentence}, with status 400 if the request cannot be honoured, 403 if
      it comes from another page, and 502 if the server fails.
    """
    app = flask.Flask(__name__, static_folder="static")
    sampler = functools.cache(connect)
    allowed = visitors.allowed_hosts(hosts)

    @app.before_request
    def admit():
        fault = visitors.fault(flask.request, allowed)
        return None if fault is None else ({"error": fault}, 403)

    @app.get("/")
    def page():
        return app.send_static_file("index.html")

    @app.get("/api/model")
    def model():
        asked = sampler()
        return {
            "source": source,
            "has_classes": asked.has_classes,
            "class_names": asked.class_names,
            "has_styles": asked.has_styles,
            "label_width": asked.label_width,
        }

    _add_drawing(app, sampler)

    @app.errorhandler(errors.UsageError)
    def refuse(error):
        return {"error": str(error)}, 400

    @app.errorhandler(errors.DataError)
    def fail(error):
        return {"error": str(error)}, 502

    @app.after_request
    def secure(response):
        response.headers.update(_HEADERS)
        return response

    return app


def _add_drawing(app: flask.Flask, sampler: Callable[[], Sampler]) -> None:
    """Adds the requests that draw images."""

    @app.get("/api/samples")
    def samples():
        number = _number_of_images("num_samples", 64)
        asked = sampler()
        drawn = asked.sample(
            number, _whole("seed", 0), _whole("start", 0), *_shared(asked)
        )
        return _shown(drawn)

    @app.get("/api/interpolation")
    def interpolation():
        steps = _number_of_images("steps", 24)
        asked = sampler()
        drawn = asked.interpolate(
            _whole("seed", 0), _whole("to", 1), steps, *_shared(asked)
        )
        return _shown(drawn)

    @app.get("/api/mixture")
    def mixture():
        """From no style of the first image on to all of its styles."""
        asked = sampler()
        cutoffs = range(asked.style_layers + 1)
        drawn = asked.mix_styles(
            _whole("seed", 0), _whole("to", 1), [(0, 0)] * len(cutoffs),
            cutoffs, *_shared(asked),
        )  # fmt: skip
        return _shown(drawn)


def _shared(sampler: Sampler) -> tuple[float, int | str | None]:
    """Truncation and label."""
    text = flask.request.args.get("truncation", "1")
    try:
        truncation = float(text)
    except ValueError:
        raise errors.UsageError(
            f"truncation={errors.excerpt(text)}: must be a number in (0, 1]."
        ) from None
    if sampler.label_width is not None:
        return truncation, flask.request.args.get("label", "").strip() or None
    return truncation, _given_whole("label")


def _number_of_images(name: str, default: int) -> int:
    number = _whole(name, default)
    if number > _MOST_IMAGES:
        raise errors.UsageError(
            f"{name}={errors.excerpt(number)}: the page shows {_MOST_IMAGES} "
            "at most."
        )
    return number


def _whole(name: str, default: int) -> int:
    """A parameter of the request; an empty one counts as left out."""
    given = _given_whole(name)
    return default if given is None else given


def _given_whole(name: str) -> int | None:
    text = flask.request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise errors.UsageError(
            f"{name}={errors.excerpt(text)}: must be a whole number."
        ) from None


def _shown(drawn: Drawn) -> dict[str, Any]:
    pngs = [base64.b64encode(images.encode_png(i)) for i in drawn.images]
    return {
        "images": [f"data:image/png;base64,{png.decode()}" for png in pngs],
        "labels": None if drawn.labels is None else drawn.labels.tolist(),
        "latency_ms": latency_summary(drawn.seconds),
    }
