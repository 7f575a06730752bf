#!/bin/sh
: "${MMDGAN_PYTHON:?is not set: name the interpreter of an environment with TensorFlow}"
exec "$MMDGAN_PYTHON" "$@"
