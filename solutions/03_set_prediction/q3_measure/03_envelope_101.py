# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · The envelope, read at 101 recalls · 4 points · 18 min · ●●○○○
# **You will be able to** compute the area that AP means, exactly as COCO does.
#
# The precision goes up and down along the curve. COCO first replaces each one by the best precision at this recall **or
# any larger one**: the *envelope*, which never rises. Then it reads the envelope at 101 recalls, 0, .01, ... 1, and takes
# the mean.
#
# - **`envelope(precision)`** (2 points): (N,) to (N,), the largest from each place to the end.
# - **`precision_at_recalls(envelope, recall)`** (2 points): (101,). At each recall r of `RECALLS` stands the envelope at
#   the first entry whose recall is **at least** r; where the curve never gets that far, 0.
#
# *Example.* Precision 1, .5, 2/3; recall .5, .5, 1. The envelope is 1, 2/3, 2/3. At the recalls up to .50 (51 of them)
# the first entry that reaches them is entry 0: 1. At the 50 above it is entry 2: 2/3. AP = (51 · 1 + 50 · 2/3) / 101 =
# .835.
#
# Use `RECALLS` from the setup as it is, `np.linspace(0, 1, 101)` in float64. Its 71st number is 0.7000000000000001, a
# little more than 7/10, so a recall of exactly 7/10 does not reach it; pycocotools has it so.

# %% exercise="envelope_101"
def envelope(precision):
    """(N,): at each place the largest precision from there to the end."""
    ### BEGIN SOLUTION
    return np.maximum.accumulate(precision[::-1])[::-1]
    ### END SOLUTION


def precision_at_recalls(envelope, recall):
    """(101,): the envelope at the first entry whose recall is at least each of RECALLS; 0 where there is none.

    envelope, recall: (N,); N may be 0.
    """
    ### BEGIN SOLUTION
    first = np.searchsorted(recall, RECALLS, side="left")
    return np.append(envelope, 0.0)[first]
    ### END SOLUTION

# %% check="envelope_101" points=4
@check(parts={"1. envelope": 2, "2. 101 recalls": 2})
def envelope_101(draw):
    def curve(N, T):
        found = np.isin(np.arange(N), draw.permutation(N)[: N * 3 // 4].numpy()).cumsum().clip(max=T)
        return found / T

    N = draw.size(13, 31)
    draw.name(N=N)
    precision = (draw.permutation(N).numpy() + 1) / (N + 1)
    falling = np.sort((draw.permutation(N).numpy() + 1) / (N + 1))[::-1].copy()

    def read(N, T):
        recall, heights = curve(N, T), (1 - np.arange(N) / N) * draw.integer(5, 9) / 9
        return floats(precision_at_recalls(heights, recall))

    def grid():
        T = draw.choice((10, 20))
        recall = np.arange(1, T + 1) / T
        return floats(precision_at_recalls(1 - np.arange(T) / (T + draw.integer(1, 5)), recall))

    return {"1. envelope": attempted(lambda: {"up and down": floats(envelope(precision.copy())),
                                              "falling": floats(envelope(falling))}),
            "2. 101 recalls": attempted(lambda: {"not all found": read(N, N + draw.size(3, 7)), "recalls on the grid": grid(),
                                                 "no detection": floats(precision_at_recalls(np.zeros(0), np.zeros(0)))})}


# %% [raw] hints="envelope_101"
# 1. "From here to the end" is a running maximum from the right. For the second part: the recalls never fall, so the first
#    entry that is at least r can be found by bisection.
# 2. `np.maximum.accumulate` runs from the left: turn the array round before and after. `np.searchsorted(recall, RECALLS)`
#    gives the first places, and N where there is none.
# 3. `np.maximum.accumulate(precision[::-1])[::-1]`. With one more entry behind the envelope, `np.append(envelope, ...)`,
#    the place N can be read, too.

# %% [raw] mistake="envelope_101/from_the_left"
# The running maximum goes from the left, so it never falls. The envelope looks at this recall and larger ones: from the
# right.
# ---
# - return np.maximum.accumulate(precision[::-1])[::-1]
# + return np.maximum.accumulate(precision)

# %% [raw] mistake="envelope_101/not_turned_back"
# The envelope is the wrong way round: turn it back after the running maximum.
# ---
# - return np.maximum.accumulate(precision[::-1])[::-1]
# + return np.maximum.accumulate(precision[::-1])

# %% [raw] mistake="envelope_101/no_envelope"
# The precisions are unchanged. Each becomes the largest one from its place to the end.
# ---
# - return np.maximum.accumulate(precision[::-1])[::-1]
# + return precision

# %% [raw] mistake="envelope_101/neighbour_only"
# Each precision was compared with its right neighbour only. A larger one may stand further on: let the maximum run.
# ---
# - return np.maximum.accumulate(precision[::-1])[::-1]
# + return np.maximum(precision, np.append(precision[1:], 0))

# %% [raw] mistake="envelope_101/minimum"
# This is the running minimum. The envelope is the best precision that a larger recall still gets: the maximum.
# ---
# - return np.maximum.accumulate(precision[::-1])[::-1]
# + return np.minimum.accumulate(precision[::-1])[::-1]

# %% [raw] mistake="envelope_101/recall_must_exceed"
# An entry whose recall equals r was passed over. At least r is enough: side="left".
# ---
# - first = np.searchsorted(recall, RECALLS, side="left")
# + first = np.searchsorted(recall, RECALLS, side="right")

# %% [raw] mistake="envelope_101/own_grid"
# The recalls are i / 100 here. `np.linspace` differs from it in the last digit at ten places, 7/10 among them, and
# pycocotools uses it: take RECALLS.
# ---
# - first = np.searchsorted(recall, RECALLS, side="left")
# + first = np.searchsorted(recall, np.arange(101) / 100, side="left")

# %% [raw] mistake="envelope_101/float32_grid"
# RECALLS was rounded to float32, which moves many of its numbers above or below the recalls that they should meet. Stay in
# float64.
# ---
# - first = np.searchsorted(recall, RECALLS, side="left")
# + first = np.searchsorted(recall, RECALLS.astype(np.float32).astype(np.float64), side="left")

# %% [raw] mistake="envelope_101/unreached_dropped"
# The recalls that the curve never reaches were left out, so fewer than 101 numbers came. They count with a precision of 0:
# objects that nobody found lower the AP.
# ---
# - return np.append(envelope, 0.0)[first]
# + return envelope[first[first < len(envelope)]]

# %% [raw] mistake="envelope_101/last_repeated"
# Beyond the largest recall the last precision was repeated. There the precision is 0.
# ---
# - return np.append(envelope, 0.0)[first]
# + return np.append(envelope, envelope[-1] if len(envelope) else 0.0)[first]

# %% [raw] mistake="envelope_101/mean_returned"
# One number came back. Return the 101 precisions; their mean is taken later.
# ---
# - return np.append(envelope, 0.0)[first]
# + return np.append(envelope, 0.0)[first].mean()

# %% [raw] mistake="envelope_101/entry_before"
# Each recall got the entry before the first one that reaches it.
# ---
# - return np.append(envelope, 0.0)[first]
# + return np.append(envelope, 0.0)[np.maximum(first - 1, 0)]

# %% [markdown]
# **The curve of your example**, in numbers.

# %%
def show_example():
    precision, recall = np.array([1, 1 / 2, 2 / 3]), np.array([0.5, 0.5, 1])
    highest = np.asarray(envelope(precision))
    read = np.asarray(precision_at_recalls(highest, recall))
    print("precision", precision.round(3), "  envelope", highest.round(3), f"  AP {read.mean():.3f}")


attempt(show_example, after="envelope_101")
