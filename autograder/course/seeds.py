"""The seeds that are fixed, and how near a tie or threshold a seed may lie. Fresh ones: judge/reference.py."""

VISIBLE_SEEDS = [11, 12]  # what students' own checks run on
PROOF_SEEDS = list(range(101, 121))  # what the build proves the solution on
MISTAKE_SEEDS = PROOF_SEEDS[:8]  # what it proves each known mistake on; there are hundreds of them
JITTER = 1e-6  # relative, of every real number a check draws
JITTER_FACTOR = 100.0  # an outcome may move by this many tolerances under jitter, but no integer may change
