"""Trained generators for use elsewhere: TF Serving, Keras, LiteRT, ONNX.

A folder <export_dir>/<version>/ for each export, versions 1, 2, ..., in the
layout that TensorFlow Serving reads. `signatures` says what can be asked of it.
"""

from tf_mmdgan.export.saved_model import (
    METADATA,
    LoadedGenerator,
    export_generator,
    image_shape,
    load_generator,
)
from tf_mmdgan.export.shipped import shipped, shipped_folder
from tf_mmdgan.export.signatures import MAX_SAMPLES, Servable
from tf_mmdgan.export.style_signatures import servable_of
from tf_mmdgan.export.versions import newest_version, version_paths
from tf_mmdgan.export.warmup import available as warmup_available
