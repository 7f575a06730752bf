"""Entry points; installed as `tf_mmdgan.tools`."""
