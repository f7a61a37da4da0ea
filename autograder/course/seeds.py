"""The seeds that are fixed, and how near a tie or threshold a seed may lie. Fresh ones: autograder.judge.reference."""

VISIBLE_SEEDS = [11, 12]  # what students' own checks run on
PROOF_SEEDS = list(range(101, 121))  # what the build proves the checks on
JITTER = 1e-6  # relative, of every real number a check draws
JITTER_FACTOR = 100.0  # an outcome may move by this many tolerances under jitter, but no integer may change
