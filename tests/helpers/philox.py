"""The random numbers of latents and labels, in plain Python."""

import numpy as np


def philox(seed, counter):
    """Philox4x32-10 of Salmon et al. 2011: four 32-bit words, in Python."""
    low = 0xFFFFFFFF
    keys = [seed[0] & low, seed[0] >> 32 & low]
    words = [counter & low, counter >> 32, seed[1] & low, seed[1] >> 32 & low]
    for _ in range(10):
        a, b = 0xD2511F53 * words[0], 0xCD9E8D57 * words[2]
        words = [
            (b >> 32) ^ words[1] ^ keys[0],
            b & low,
            (a >> 32) ^ words[3] ^ keys[1],
            a & low,
        ]
        keys = [(keys[0] + 0x9E3779B9) & low, (keys[1] + 0xBB67AE85) & low]
    return words


def uniform_row(seed, row, width):
    counters = -(-width // 4)
    words = [philox(seed, row * counters + i) for i in range(counters)]
    signed = np.array(words, np.uint32).ravel()[:width].view(np.int32)
    return (signed >> 8) / 2.0**23
