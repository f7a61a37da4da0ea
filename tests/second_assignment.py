"""A second assignment of another subject, as the files that somebody adds: text statistics, with no torch in it."""

from __future__ import annotations

from pathlib import Path

NAME, NOTEBOOK = "02_words", "count"
OPENS = "# %%\n# %run -i 00_open.py\n\n"

FILES = {
    "assignment.toml": """\
title = "Counting words"
order = 2
released = true
packages = ["collections"]
kept = ["my_text.*"]

[chains]
both = ["frequent", "lengths"]
""",
    f"{NOTEBOOK}/00_open.py": '''# %% [markdown]
# # 1. Counting words

# %% setup
from collections import Counter
from pathlib import Path

import numpy as np

from coursework.checks.notebook import open_notebook

____, check, hint = open_notebook("count")


def text_of(draw):
    """Some words, none as frequent as another."""
    words = ["oak", "elm", "birch", "willow", "hornbeam"]
    start = draw.integer(0, 4)
    chosen = [words[(start + i) % 5] for i in range(5)]
    return " ".join(word for i, word in enumerate(chosen) for _ in range(i + draw.integer(0, 1) * 5 + i * 10))
''',
    f"{NOTEBOOK}/01_frequent.py": '''# %% [markdown]
# ### Step 1 · The most frequent word · 3 points · 5 min · ●○○○○
# Which word comes most often? `hint("frequent")` helps.

# %% exercise="frequent"
def most_frequent(text):
    """The word that comes most often in a text."""
    ### BEGIN SOLUTION
    return Counter(text.split()).most_common(1)[0][0]
    ### END SOLUTION

# %% check="frequent" points=3
@check
def frequent(draw):
    return {"most frequent": most_frequent(text_of(draw)), "of": draw.integer(0, 10**6)}

# %% [raw] hints="frequent"
# 1. Count each word.
# 2. A Counter counts.
# 3. Counter(text.split()).most_common(1)

# %% [raw] mistake="frequent/first"
# This is the first word: count them all.
# ---
# def most_frequent(text):
#     return text.split()[0]

# %% [raw] mistake="frequent/letter"
# This is the most frequent letter: split the text into words.
# ---
# def most_frequent(text):
#     return Counter(text).most_common(1)[0][0]
''',
    f"{NOTEBOOK}/02_lengths.py": '''# %% [markdown]
# ### Step 2 · How long words are · 2 points · 5 min · ●○○○○
# What is the mean length of the words?

# %% exercise="lengths"
def mean_length(text):
    """The mean number of letters of a text's words."""
    ### BEGIN SOLUTION
    return float(np.mean([len(word) for word in text.split()]))
    ### END SOLUTION

# %% check="lengths" points=2
@check
def lengths(draw):
    return [mean_length(text_of(draw) + " " + "x" * draw.integer(20, 900)), np.arange(draw.integer(2, 900))]

# %% [raw] hints="lengths"
# 1. Measure each word.
# 2. len measures.
# 3. np.mean of the lengths.

# %% [raw] mistake="lengths/whole"
# Blanks were counted, too.
# ---
# def mean_length(text):
#     return len(text) / len(text.split())

# %% [raw] mistake="lengths/sum"
# This is the sum: divide it by the number of words.
# ---
# def mean_length(text):
#     return float(sum(len(word) for word in text.split()))

# %% [markdown]
# ### Both together

# %% check="both" points=0
@check
def both(draw):
    text = text_of(draw)
    return [most_frequent(text), mean_length(text), draw.integer(0, 10**6)]
''',
    f"{NOTEBOOK}/99_close.py": """# %% [markdown]
# ### Step 3 · Your text · 1 point · 2 min · ●○○○○

# %%
if Path("my_text.txt").exists():
    print("my text:", Path("my_text.txt").read_text())

# %% [markdown] written="meaning" points=1
# Frequent words are short ones.
""",
}


def write(solutions: Path) -> Path:
    """Add the assignment to the sources of a course; returns its folder."""
    for name, text in FILES.items():
        path = solutions / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        first = name.endswith((".toml", "00_open.py"))
        path.write_text(text if first else OPENS + text, encoding="utf-8")
    return solutions / NAME
