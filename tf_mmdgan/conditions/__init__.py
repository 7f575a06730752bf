"""What a generator is told beside its latents: a class, or some numbers.

A label is one thing that it can be told: the number of a class, int32 [], or k
numbers, float32 [k]. Data, networks, models, exports and records all take the
same `Condition`, which says what labels are and by what law they are drawn.
"""

from tf_mmdgan.conditions.classes import Classes
from tf_mmdgan.conditions.condition import Condition, Label, by_label
from tf_mmdgan.conditions.numbers import (
    MOST_NUMBERS,
    MOST_ROWS,
    Numbers,
    check_numbers,
    numbers_of,
)

__all__ = [
    "MOST_NUMBERS",
    "MOST_ROWS",
    "Classes",
    "Condition",
    "Label",
    "Numbers",
    "by_label",
    "check_numbers",
    "numbers_of",
]
