"""Attacks on a mark, by the defence each aims at: DEFENCE in words, WITHOUT (a grader that lacks it), ATTACKS."""
