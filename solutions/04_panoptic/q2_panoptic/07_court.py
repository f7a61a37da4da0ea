# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · The court of hard cases · 4 points · 20 min · ●●●●○
# **You will be able to** find the small case on which two evaluations of PQ differ.
#
# Four accused evaluations do all as panopticapi does, but for one thing:
#
# 1. **`at_half`**: an IoU of exactly .5 is a match;
# 2. **`void_counts`**: void of the truth is taken for an ordinary segment of another class, so it stays in the union, and
#    forgives nothing;
# 3. **`crowd_counts`**: a crowd is taken for an ordinary segment;
# 4. **`half_forgives`**: a prediction is forgiven that lies on void by exactly a half.
#
# Write for each a case on which its PQ differs from panopticapi's by more than .05 (1 point each; any such case is
# right). A case is one row of pixels, a letter each: `sketch(truth, predicted)`, two texts of one length. Equal letters
# in a text are one segment, a dot is void, a capital in the truth is a crowd. All segments are of class 0, and its PQ
# is what counts (0 where nothing is counted); which letters you take makes no difference.
#
# *Example.* An evaluation that matches segments of any IoU would be convicted by `sketch("aaaa", "abbb")`: the IoUs are
# .25 and .75, so one prediction is invented: PQ is .75 · 1 / (1 + ½) = .5. The accused would find two.

# %% exercise="court"
at_half = sketch("aaaa", "aa..")  # ____
void_counts = sketch("aa....", "aaaaaa")  # ____
crowd_counts = sketch("aaaCCC", "aaa...")  # ____
half_forgives = sketch("aaaaaaaa..", "aaaaaabbbb")  # ____

# %% check="court" points=4
def repeated(case, times):
    """The case with every pixel as often as `times` says."""
    return tuple(PanopticMap(np.repeat(each.ids, times.ravel(), axis=1), each.segments) for each in case)


def nearly_alike(case):
    """A case whose IoUs are a little larger: what two segments share weighs more than what they do not."""
    truth, predicted = case
    best = [np.bincount(truth.ids[predicted.mask(segment)]).argmax() for segment in predicted.segments]
    alike = truth.ids == np.array([0, *best])[predicted.ids]
    return repeated(case, np.where(alike, 1000, 999))


def void_named(case):
    truth, predicted = case
    if (truth.ids > 0).all():
        return case
    id = len(truth.segments) + 1
    return PanopticMap(np.where(truth.ids, truth.ids, id), (*truth.segments, Segment(id, 1))), predicted


def without_crowds(case):
    truth, predicted = case
    return PanopticMap(truth.ids, tuple(Segment(each.id, each.label) for each in truth.segments)), predicted


def void_heavier(case):
    return repeated(case, np.where(case[0].ids == 0, 1000, 999))


# What panopticapi's rules are given, so that they err as the accused does.
ACCUSED = {"at_half": nearly_alike, "void_counts": void_named, "crowd_counts": without_crowds,
           "half_forgives": void_heavier}


def class_0(case):
    """The PQ of class 0; 0 where nothing of it is counted."""
    found = panoptic_quality([case], THINGS).classes.get(0)
    return found.pq if found else 0.0


def facts_of(case):
    """Of a case: the table of step 5, which true segments are crowds, and the IoUs of the others without and with void."""
    truth, predicted = case
    shared = np.zeros((len(truth.segments) + 1, len(predicted.segments) + 1))
    np.add.at(shared, (truth.ids, predicted.ids), 1)
    crowd = parts_of(truth)[2]
    areas = shared[1:].sum(1)[:, None] + shared[:, 1:].sum(0) - shared[1:, 1:]
    return shared, crowd, shared[1:, 1:][~crowd] / (areas - shared[0, 1:])[~crowd], (shared[1:, 1:] / areas)[~crowd]


def why_at_half(case):
    _, _, iou, with_void = facts_of(case)
    if (iou == 0.5).any():
        return None
    if (with_void == 0.5).any():
        return "an IoU of .5 only with void in the union"
    return "an IoU above .5, none of .5" if (iou > 0.5).any() else "no IoU of .5 or more"


def why_void_counts(case):
    on_void = facts_of(case)[0][0]
    if not on_void.any():
        return "no void in the truth"
    return None if on_void[1:].any() else "nothing predicted on void"


def why_crowd_counts(case):
    _, crowd, iou, _ = facts_of(case)
    if not crowd.any():
        return "no crowd"
    return None if (iou > 0.5).any() else "no object found beside the crowd"


def why_half_forgives(case):
    shared, _, iou, _ = facts_of(case)
    alone = shared[:, 1:][:, ~(iou > 0.5).any(0)]
    if not alone.size:
        return "no prediction without a partner"
    on_void, half = alone[0], alone.sum(0) / 2
    if not (on_void == half).any():
        return "more than half on void" if (on_void > half).any() else "less than half on void"
    return None if (iou > 0.5).any() else "no object found beside it"


# What a case lacks for its rule to be asked, or None.
LACKS = {"at_half": why_at_half, "void_counts": why_void_counts, "crowd_counts": why_crowd_counts,
         "half_forgives": why_half_forgives}


@check(parts={"1. at half": 1, "2. void counts": 1, "3. crowd counts": 1, "4. half forgives": 1})
def court(draw):
    def tried(name):
        number, case = draw.integer(1, 10**6), globals()[name]  # any case that convicts is right
        float(case) if case is ____ else None
        if not isinstance(case, tuple) or not all(isinstance(each, PanopticMap) for each in case):
            return "no case: write sketch(truth, predicted)"
        right, wrong = class_0(case), class_0(ACCUSED[name](case))
        if abs(right - wrong) > 0.05:
            return f"two different PQ (case {number})"
        lacks = LACKS[name](case)
        return f"nearly the same PQ: {lacks or f'{right:.2f} and {wrong:.2f}'}"

    return {part: attempted(lambda name=name: tried(name))
            for part, name in zip(("1. at half", "2. void counts", "3. crowd counts", "4. half forgives"), ACCUSED)}


# %% [raw] hints="court"
# 1. What must a case hold so that the rule is asked at all? For the first: an IoU of exactly .5. For the last: a
#    prediction without a partner. Then work out the PQ by both rules.
# 2. Void: a prediction that goes beyond its object, into void. Crowd: it needs no prediction at all. The last one: a
#    prediction of 4 pixels, 2 of them on void, beside one that is matched.
# 3. `sketch("aaaa", "aa..")` has IoU .5. `sketch("aa....", "aaaaaa")` has 2/2 or 2/6. For a crowd: `sketch("aaaCCC",
#    "aaa...")`. For the last: truth `"aaaaaaaa.."`, prediction `"aaaaaa...."` with which letters for the dots?

# %% [raw] mistake="court/above_half"
# The first case has IoUs above .5, which both evaluations match. It needs one of exactly .5.
# ---
# - at_half = sketch("aaaa", "aa..")
# + at_half = sketch("aaaa", "aaa.")

# %% [raw] mistake="court/below_half"
# All IoUs in the first case are below .5, so neither evaluation matches anything. One has to be .5 exactly.
# ---
# - at_half = sketch("aaaa", "aa..")
# + at_half = sketch("aaaa", "a...")

# %% [raw] mistake="court/half_on_void"
# The IoU in the first case is .5 only if void of the truth is left in the union. By panopticapi's rules it is not: use
# true pixels that the prediction leaves out.
# ---
# - at_half = sketch("aaaa", "aa..")
# + at_half = sketch("aa..", "aaaa")

# %% [raw] mistake="court/no_void"
# The truth of the second case has no void, so the accused rule is never asked.
# ---
# - void_counts = sketch("aa....", "aaaaaa")
# + void_counts = sketch("aa", "aa")

# %% [raw] mistake="court/void_in_the_prediction"
# Nothing is predicted on the void of the second case's truth, so the rule is never asked. What the *prediction* leaves
# void has no rule of its own.
# ---
# - void_counts = sketch("aa....", "aaaaaa")
# + void_counts = sketch("aaa..", "aa...")

# %% [raw] mistake="court/no_crowd"
# No segment of the third case's truth is a crowd (a capital), so the accused rule is never asked.
# ---
# - crowd_counts = sketch("aaaCCC", "aaa...")
# + crowd_counts = sketch("aaaccc", "aaaccc")

# %% [raw] mistake="court/crowd_hit"
# The crowd of the third case is hit so well that the accused takes it for found. Nothing is missed by it then: let the
# crowd go unpredicted, or be hit badly.
# ---
# - crowd_counts = sketch("aaaCCC", "aaa...")
# + crowd_counts = sketch("aaaCCC", "aaaccc")

# %% [raw] mistake="court/only_a_crowd"
# Beside the crowd of the third case nothing is found by either rule: both say 0. Put an object elsewhere, and find it.
# ---
# - crowd_counts = sketch("aaaCCC", "aaa...")
# + crowd_counts = sketch("CCC", "...")

# %% [raw] mistake="court/more_than_half"
# In the last case more than half of a prediction lies on void, so both forgive it. It has to be a half exactly.
# ---
# - half_forgives = sketch("aaaaaaaa..", "aaaaaabbbb")
# + half_forgives = sketch("aaaaaaa...", "aaaaaabbbb")

# %% [raw] mistake="court/less_than_half"
# In the last case less than half of each prediction without a partner lies on void, so neither forgives it. It has to
# be a half exactly.
# ---
# - half_forgives = sketch("aaaaaaaa..", "aaaaaabbbb")
# + half_forgives = sketch("aaaaaaaaa.", "aaaaaabbbb")

# %% [raw] mistake="court/matched_anyway"
# In the last case every prediction has a partner, so nothing has to be forgiven.
# ---
# - half_forgives = sketch("aaaaaaaa..", "aaaaaabbbb")
# + half_forgives = sketch("aaaaaaaa..", "aaaaaaaaaa")

# %% [raw] mistake="court/nothing_found"
# The last case has its half, but nothing is found by either rule: both say 0. Put an object beside it, and find it.
# ---
# - half_forgives = sketch("aaaaaaaa..", "aaaaaabbbb")
# + half_forgives = sketch("aaaaaaaa..", "......bbbb")

# %% [raw] mistake="court/two_texts"
# The first case is no pair of maps. Write `sketch(truth, predicted)`, with two texts.
# ---
# - at_half = sketch("aaaa", "aa..")
# + at_half = "aaaa", "aa.."

# %% [markdown]
# **Now your own PQ stands trial**: ten cases beside what panopticapi said of them (its own code, run once; the numbers
# are kept here, since it is no package that can be installed). Each row: the sum of IoUs, TP, FP, FN of all classes.

# %%
HARD_CASES = (  # what it is, truth, predicted, classes of letters other than 0, and panopticapi's four numbers
    ("perfect", "aabb", "aabb", {"b": 1}, (2.0, 2, 0, 0)),
    ("IoU exactly .5", "aaaa....", "aa......", {}, (0.0, 0, 1, 1)),
    ("IoU .75", "aaaa....", "aaa.....", {}, (0.75, 1, 0, 0)),
    ("a prediction over void", "aaaa....", "aaaaaaaa", {}, (1.0, 1, 0, 0)),
    ("a crowd, hit", "aaaaCCCC", "aaaacccc", {}, (1.0, 1, 0, 0)),
    ("a crowd, with a pixel more", "aaaaCCCC", "...ccccc", {}, (0.0, 0, 0, 1)),
    ("mostly void", "aa......", ".bbbbbbb", {}, (0.0, 0, 0, 1)),
    ("another class", "aaaa....", "bbbb....", {"b": 1}, (0.0, 0, 1, 1)),
    ("too large", "aaaabbbb", "aaaaaaaa", {"b": 1}, (0.0, 0, 1, 2)),
    ("two crowds of a class", "CCCDDD..", "cccddd..", {}, (0.0, 0, 1, 0)),
)


def show_trial():
    print(f"{'':28}{'yours':28}panopticapi")
    for name, truth, predicted, classes, right in HARD_CASES:
        yours = own_counts([sketch(truth, predicted, classes)], 2).sum(0)
        same = np.allclose(yours, right)
        print(f"{name:28}{str([float(f'{value:.3g}') for value in yours]):28}{list(right)}  {'' if same else 'DIFFERENT'}")


attempt(show_trial, after=PQ_STEPS)

# %% [markdown]
# The last case is an oddity of panopticapi: of two crowds of one class in an image it remembers the last, so what lies
# on the first is invented. Whoever compares numbers has to share the oddities, too.
