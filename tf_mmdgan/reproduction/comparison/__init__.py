"""Every method on every data set: one table, however often interrupted.

A cell of the table is one training run, in a process of its own. To add a
method that is not an objective by itself, give it a line in
`methods.EXTRA_ENTRIES`.
"""

from tf_mmdgan.reproduction.comparison.cells import DATA, Cell, plan
from tf_mmdgan.reproduction.comparison.claims import decide
from tf_mmdgan.reproduction.comparison.curves import score_again
from tf_mmdgan.reproduction.comparison.methods import ENTRIES
from tf_mmdgan.reproduction.comparison.outputs import write_outputs
from tf_mmdgan.reproduction.comparison.page import write_claims, write_page
from tf_mmdgan.reproduction.comparison.results import (
    Result,
    write_result,
)
from tf_mmdgan.reproduction.comparison.runner import run
from tf_mmdgan.reproduction.comparison.stored import read_results
from tf_mmdgan.reproduction.ring import train_ring
