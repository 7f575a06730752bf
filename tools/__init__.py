"""Entry points; installed as `tf_mmdgan.tools`."""

from tf_mmdgan.tools import interrupts

interrupts.watch_start()
