"""A web page that shows what a generator draws, and where seeds lead."""

from tf_mmdgan.serving.page.app import make_app
