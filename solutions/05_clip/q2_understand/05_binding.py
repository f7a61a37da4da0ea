# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Whose colour is it? · 4 points · 20 min · ●●●○○
# **You will be able to** test whether a model binds words to each other, kind by kind, and say how sure that is.
#
# An image of a red ring and a blue star is similar to every text with these words. Does the model know *which* of them
# is red? It prefers the true caption to the swapped one more often than chance, if it does. Yuksekgonul et al. 2023
# (arXiv:2210.01936) ask this of large models. Two slips spoil the test: a "false" caption that is still true, and a
# share without its error. A share p of n pairs has the standard error √(p (1 − p) / n), about.
#
# **Write**
#
# 1. `swap_colours(groups)` (1 point): a list of (how many, colour, shape), such as `[("a", "red", "ring"), ("two",
#    "blue", "stars")]` → the list in which the first and the last have exchanged their colours. Everything else stays at
#    its place; the list that came stays as it is.
# 2. `by_kind(images, true, false, kinds)` (2 points): features (N, E) of N images, of their true and their false
#    captions, and the kind of each pair, a list of N strings → a dict: for each kind (share, error, pairs): how often
#    the true caption is preferred (a tie counts half), the standard error of that share, and how many pairs there are.
# 3. `verdict(share, error)` (1 point): "above chance" if the share lies more than two standard errors above .5, "below
#    chance" if more than two below, else "not told".
#
# *Example.* Of 100 pairs 60 are preferred: error √(.6 · .4 / 100) = .049, .6 − .098 > .5: above chance. Of 25 pairs 15:
# the same share, error .098: not told.
#
# The library's `binding` and `swapped` may not be used.

# %% exercise="binding" forbids="detrlab.clip.measures.binding, detrlab.clip.measures.Binding, detrlab.scenes.captions.swapped, detrlab.clip.measures.measure_clip"
def swap_colours(groups):
    """Groups [(how many, colour, shape), ...] -> the same with the colours of the first and the last exchanged."""
    ### BEGIN SOLUTION
    (count, colour, shape), (last_count, last_colour, last_shape) = groups[0], groups[-1]
    return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
    ### END SOLUTION


def by_kind(images, true, false, kinds):
    """Features (N, E) each, kinds: N strings -> {kind: (share preferred, standard error, pairs)}."""
    ### BEGIN SOLUTION
    similar_true, similar_false = (images * true).sum(1), (images * false).sum(1)
    ties = similar_true == similar_false
    wins = (similar_true > similar_false) + ties / 2
    found = {}
    for kind in dict.fromkeys(kinds):
        of_kind = wins[[n for n, each in enumerate(kinds) if each == kind]]
        share, pairs = of_kind.mean().item(), len(of_kind)
        found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
    return found
    ### END SOLUTION


def verdict(share, error):
    """Is the share more than two errors from a half? "above chance", "below chance" or "not told"."""
    ### BEGIN SOLUTION
    if share - 2 * error > 0.5:
        return "above chance"
    return "below chance" if share + 2 * error < 0.5 else "not told"
    ### END SOLUTION

# %% check="binding" points=4
@check(parts={"1. swap_colours": 1, "2. by_kind": 2, "3. verdict": 1})
def binding(draw):
    def groups_of(count):
        colours, shapes = draw.permutation(len(COLOURS)).tolist(), draw.permutation(len(SHAPES)).tolist()
        return [(("a", "two", "three")[(n + colours[5]) % 3], COLOURS[colours[n]], SHAPES[shapes[n]]) for n in range(count)]

    swaps = {}
    for count in (2, 3):
        groups = groups_of(count)
        given = list(groups)
        value = attempted(lambda given=given: [list(each) for each in swap_colours(given)])
        swaps[f"{count} groups"] = {"swapped": value, "what came": [list(each) for each in given]}

    (N, width), names = draw.letters("N E", 41, 71), draw.permutation(3).tolist()
    kinds = [SWAPS[names[0 if n < 11 else 1 if n < 24 else 2]] for n in range(N)]
    kinds = [kinds[n] for n in draw.permutation(N).tolist()]
    images, true, false = unit(draw, N, width), unit(draw, N, width), unit(draw, N, width)
    for kind in set(kinds):  # two ties of each kind, and some that are right, and one that is wrong
        rows = [n for n, each in enumerate(kinds) if each == kind]
        false[rows[:2]] = true[rows[:2]]
        true[rows[2:4]], false[rows[4]] = images[rows[2:4]], images[rows[4]]

    def table():
        found = by_kind(images.clone(), true.clone(), false.clone(), list(kinds))
        return {kind: dict(zip_longest(("share", "error", "pairs"), map(plain, row))) if len(row) <= 3 else row
                for kind, row in found.items()}

    verdicts = {}
    for n in range(12):
        error = draw.number(0.01, 0.06)
        share = 0.5 + (-2.6, -2.3, -1.7, -1.2, -0.7, -0.4, 0.4, 0.7, 1.2, 1.7, 2.3, 2.6)[n] * error
        verdicts[f"{share:.3f} ± {error:.3f}"] = attempted(lambda share=share, error=error: verdict(share, error))
    for share in (0.25, 0.75):  # two errors away, not more
        verdicts[f"{share} ± 0.125"] = attempted(lambda share=share: verdict(share, 0.125))
    return {"1. swap_colours": swaps, "2. by_kind": attempted(table), "3. verdict": verdicts}


# %% [raw] hints="binding"
# 1. The nouns stay where they are: only the middle word of a group moves. Similarities of pairs are products row by row,
#    not of all with all. Two errors from a half: on which side?
# 2. `(images * true).sum(1)` has N cosines. For each kind take the rows of that kind; their mean is the share; put it
#    into √(p (1 − p) / n).
# 3. `rows = [n for n, each in enumerate(kinds) if each == kind]`, `share = wins[rows].mean().item()`; `if share - 2 *
#    error > 0.5: return "above chance"`, and the other side likewise.

# %% [raw] mistake="binding/nouns_swapped_along"
# Whole groups changed places, so in a list nothing was made false: "a blue star and a red ring" says the same. Only the
# colours may move.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + return [groups[-1], *groups[1:-1], groups[0]]

# %% [raw] mistake="binding/nouns_in_place_of_colours"
# The shapes were exchanged, and their numbers stayed: that is another swap. Exchange the colours.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + return [(count, colour, last_shape), *groups[1:-1], (last_count, last_colour, shape)]

# %% [raw] mistake="binding/counts_moved_along"
# The numbers moved with the colours. Only the colours may.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + return [(last_count, last_colour, shape), *groups[1:-1], (count, colour, last_shape)]

# %% [raw] mistake="binding/one_colour_twice"
# The first colour was written over before it was kept, so both groups have the colour of the last.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + return [(count, last_colour, shape), *groups[1:-1], (last_count, last_colour, last_shape)]

# %% [raw] mistake="binding/middle_lost"
# A group between the first and the last was lost.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + return [(count, last_colour, shape), (last_count, colour, last_shape)]

# %% [raw] mistake="binding/moved_on"
# Each group got the colour of the next one. Only the first and the last exchange theirs.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + colours = [each[1] for each in groups]
# + return [(n, c, s) for (n, _, s), c in zip(groups, colours[1:] + colours[:1])]

# %% [raw] mistake="binding/first_two"
# The second group gave its colour, also where a third one follows. Exchange those of the first and the last.
# ---
# - (count, colour, shape), (last_count, last_colour, last_shape) = groups[0], groups[-1]
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + (count, colour, shape), (second_count, second_colour, second_shape) = groups[0], groups[1]
# + return [(count, second_colour, shape), (second_count, colour, second_shape), *groups[2:]]

# %% [raw] mistake="binding/given_list_changed"
# The list that came was changed. Make a new one: the true caption is still needed.
# ---
# - return [(count, last_colour, shape), *groups[1:-1], (last_count, colour, last_shape)]
# + groups[0], groups[-1] = (count, last_colour, shape), (last_count, colour, last_shape)
# + return groups

# %% [raw] mistake="binding/ties_lost"
# A tie counts 0 in these shares. It counts half.
# ---
# - wins = (similar_true > similar_false) + ties / 2
# + wins = (similar_true > similar_false).float()

# %% [raw] mistake="binding/ties_won"
# A tie counts 1 in these shares. It counts half.
# ---
# - wins = (similar_true > similar_false) + ties / 2
# + wins = (similar_true >= similar_false).float()

# %% [raw] mistake="binding/all_kinds_together"
# Every kind has the share of all pairs together. Take the pairs of each kind alone.
# ---
# - of_kind = wins[[n for n, each in enumerate(kinds) if each == kind]]
# + of_kind = wins

# %% [raw] mistake="binding/all_with_all"
# `images @ true.T` compares every image with every caption. Each image belongs to its own pair: multiply row by row.
# ---
# - similar_true, similar_false = (images * true).sum(1), (images * false).sum(1)
# + similar_true, similar_false = images @ true.T, images @ false.T

# %% [raw] mistake="binding/false_preferred"
# These are the shares in which the false caption is preferred.
# ---
# - share, pairs = of_kind.mean().item(), len(of_kind)
# + share, pairs = 1 - of_kind.mean().item(), len(of_kind)

# %% [raw] mistake="binding/standard_deviation"
# √(p (1 − p)) is how much single pairs scatter. The error of a mean of n of them is smaller: divide by n below the root.
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, math.sqrt(share * (1 - share)), pairs)

# %% [raw] mistake="binding/deviation_of_the_wins"
# This is the standard deviation of the wins, with ties as halves, over √n. Asked is √(p (1 − p) / n).
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, of_kind.std().item() / math.sqrt(pairs), pairs)

# %% [raw] mistake="binding/no_root"
# This is the variance of the share, in squares. The error is its root.
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, share * (1 - share) / pairs, pairs)

# %% [raw] mistake="binding/divided_outside_the_root"
# The root was divided by n. n belongs below the root: four times as many pairs halve the error.
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, math.sqrt(share * (1 - share)) / pairs, pairs)

# %% [raw] mistake="binding/error_of_all_pairs"
# The errors are those of all N pairs. A kind has fewer.
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, math.sqrt(share * (1 - share) / len(kinds)), pairs)

# %% [raw] mistake="binding/number_of_wins"
# The last number is how many were preferred. Asked is how many pairs there are.
# ---
# - found[kind] = (share, math.sqrt(share * (1 - share) / pairs), pairs)
# + found[kind] = (share, math.sqrt(share * (1 - share) / pairs), of_kind.sum().item())

# %% [raw] mistake="binding/chance_forgotten"
# A share was compared with .5 alone. Without its error that says nothing: ask for two errors in between.
# ---
# - if share - 2 * error > 0.5:
# -     return "above chance"
# - return "below chance" if share + 2 * error < 0.5 else "not told"
# + return "above chance" if share > 0.5 else "below chance"

# %% [raw] mistake="binding/one_error"
# One standard error is little: by chance alone a share lies further away about every third time. Ask for two.
# ---
# - if share - 2 * error > 0.5:
# -     return "above chance"
# - return "below chance" if share + 2 * error < 0.5 else "not told"
# + if share - error > 0.5:
# +     return "above chance"
# + return "below chance" if share + error < 0.5 else "not told"

# %% [raw] mistake="binding/below_is_not_told"
# A share that lies clearly below .5 is told, too: the model prefers the false caption.
# ---
# - return "below chance" if share + 2 * error < 0.5 else "not told"
# + return "not told"

# %% [raw] mistake="binding/two_errors_are_enough"
# A share that lies two errors from .5, and no more, is "not told": more than two are asked for.
# ---
# - if share - 2 * error > 0.5:
# -     return "above chance"
# - return "below chance" if share + 2 * error < 0.5 else "not told"
# + if share - 2 * error >= 0.5:
# +     return "above chance"
# + return "below chance" if share + 2 * error <= 0.5 else "not told"

# %% [raw] mistake="binding/error_on_the_wrong_side"
# The errors were taken towards .5, and not away from it: so shares count as above or below chance that are not. The
# whole band, from two errors below the share to two above it, has to lie on one side of .5.
# ---
# - if share - 2 * error > 0.5:
# -     return "above chance"
# - return "below chance" if share + 2 * error < 0.5 else "not told"
# + if share + 2 * error > 0.5:
# +     return "above chance"
# + return "below chance" if share - 2 * error < 0.5 else "not told"

# %% [markdown]
# **The result.** The shipped CLIP on 600 fresh scenes, by your functions; its training has seen swaps of colours and of
# places as hard negatives, and none of the other two.

# %%
def show_binding():
    known, chosen, true, false, kinds = seen(600), [], [], [], []
    for kind in SWAPS:
        numbers, texts = swaps_of(known.captions, kind)
        chosen, false, kinds = chosen + numbers, false + texts, kinds + [kind] * len(numbers)
    true = [known.told[n] for n in chosen]
    table = by_kind(known.images[chosen], known.texts[chosen], encode_texts(clip(), false), kinds)
    print("swap       pairs  preferred  standard error   verdict")
    for kind, (share, error, pairs) in table.items():
        print(f"{kind:9}{pairs:7}{share:11.3f}{error:14.3f}     {verdict(share, error)}")
    print("\nthe first pair of each, true / false")
    for kind in table:
        first = kinds.index(kind)
        print(f"{kind:9}{true[first]} / {false[first]}")


attempt(show_binding, after=("bag_of_words", "binding"))

# %% [markdown]
# One training is one training: with the seeds 1 and 2 the same recipe came to shares of .99 and .98 for colours, but .46 and
# .83 for places (`data/README.md` of the course). What this network can, another start may have missed.
#
# Above chance is not solved. And these pairs are not independent of the training in one respect: the *kinds* of swap that
# it saw are tested with the kinds that it did not see. Step 6 asks what that means.
