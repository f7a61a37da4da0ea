# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · The court of hard cases · 4 points · 25 min · ●●●●○
# **You will be able to** find the small case on which two evaluations differ.
#
# Two implementations of AP agree on most data sets and differ in the corners. Here you are the prosecutor. Four accused
# evaluations do all as pycocotools does, but for one thing:
#
# 1. **`at_threshold`**: its IoU must be *above* .5, not at least .5;
# 2. **`equal_ious`**: of objects with equal IoU the *earlier* one wins;
# 3. **`in_crowd`**: it takes a crowd for an ordinary object;
# 4. **`equal_scores`**: of equal scores in one image the *later* detection goes first.
#
# Write for each a case on which its AP, at IoU .5, is another one than pycocotools' (1 point each; any such case is
# right). `sketch` makes a case of a text with the boxes of one image, x0 y0 x1 y1 in pixels, and commas between them. What
# stands before a box says what it is: `object`, `crowd`, or, for a detection, its score. Draw it on paper first: two or
# three boxes are enough.
#
# *Example.* An evaluation that lets an object be matched again and again would be convicted by two detections of one
# object, then one of another: `sketch("object 0 0 9 9, object 20 0 29 9, .9 0 0 9 9, .8 0 0 9 9, .7 20 0 29 9")`. The second
# detection is a false alarm: AP (51 · 1 + 50 · 2/3) / 101 = .835; the accused says 1.

# %% exercise="court"
at_threshold = sketch("object 0 0 10 5, .9 0 0 10 10")  # ____
equal_ious = sketch("object 0 0 10 10, object 4 0 14 10, .9 2 0 12 10, .8 6 0 16 10")  # ____
in_crowd = sketch("object 0 0 10 10, crowd 20 0 60 40, .9 20 0 30 10, .8 0 0 10 10")  # ____
equal_scores = sketch("object 0 0 10 10, .9 50 0 60 10, .9 0 0 10 10")  # ____

# %% check="court" points=4
def reversed_rows(image, names):
    return image | {name: image[name][::-1].copy() for name in names}


ACCUSED = {  # what pycocotools is given, so that it errs as the accused does
    "at_threshold": lambda image: (image, 0.5 + 1e-6),
    "equal_ious": lambda image: (reversed_rows(image, ("true_boxes_xyxy", "true_labels", "crowd")), 0.5),
    "in_crowd": lambda image: (image | {"crowd": np.zeros_like(image["crowd"])}, 0.5),
    "equal_scores": lambda image: (reversed_rows(image, ("boxes_xyxy", "scores", "labels")), 0.5),
}


@check(parts={"1. at the threshold": 1, "2. equal IoUs": 1, "3. in a crowd": 1, "4. equal scores": 1})
def court(draw):
    def said_of(name, image):
        if image is ____:
            return image
        if not isinstance(image, dict):
            return "no case: sketch(...) makes one of a text"
        if image["crowd"].all():
            return "no AP: it holds no object that is no crowd"
        if name == "in_crowd" and not image["crowd"].any():
            return "not asked: it holds no crowd"
        if name == "equal_scores" and len(set(image["scores"].tolist())) == len(image["scores"]):
            return "not asked: no two scores are equal"
        right = coco_ap([image], thresholds=[0.5])
        accused, threshold = ACCUSED[name](image)
        wrong = coco_ap([accused], thresholds=[threshold])
        return "differ" if abs(right - wrong) > 1e-3 else f"both say {right:.3f}"  # any case that convicts is right

    def tried(name):
        seal = draw.integer(1, 10**6)  # what comes back hangs on the seed
        return {"the accused and pycocotools": said_of(name, globals()[name]), "seal": seal}

    return {part: attempted(lambda name=name: tried(name))
            for part, name in zip(("1. at the threshold", "2. equal IoUs", "3. in a crowd", "4. equal scores"), ACCUSED)}


# %% [raw] hints="court"
# 1. What must a case hold so that the rule is asked at all? For the first: an IoU of exactly .5. For the others, what must
#    follow, so that the wrong choice costs something?
# 2. Equal IoUs: a second detection that fits only one of the two objects. Crowd: a detection inside it, with a better score
#    than a hit elsewhere. Equal scores: a hit and a miss.
# 3. Half a box has IoU .5: 0 0 10 10 and 0 0 10 5. Objects 0 0 10 10 and 4 0 14 10 overlap a detection 2 0 12 10
#    equally. Which box, with a smaller score, overlaps only one of them?

# %% [raw] mistake="court/threshold_passed"
# In the first case both evaluations find every object, with an IoU above .5, before any false alarm: AP 1. Let an
# object's only detection have an IoU of exactly .5.
# ---
# - at_threshold = sketch("object 0 0 10 5, .9 0 0 10 10")
# + at_threshold = sketch("object 0 0 10 6, .9 0 0 10 10")

# %% [raw] mistake="court/threshold_missed"
# No detection of the first case reaches IoU .5, so neither evaluation counts it: both say 0.
# ---
# - at_threshold = sketch("object 0 0 10 5, .9 0 0 10 10")
# + at_threshold = sketch("object 5 0 15 10, .9 0 0 10 10")

# %% [raw] mistake="court/both_objects_found"
# In the case of equal IoUs both evaluations find all objects: AP 1. It does not matter which object goes first to whom,
# unless another detection needs the one that was taken.
# ---
# - equal_ious = sketch("object 0 0 10 10, object 4 0 14 10, .9 2 0 12 10, .8 6 0 16 10")
# + equal_ious = sketch("object 0 0 10 10, object 4 0 14 10, .9 2 0 12 10, .8 2 0 12 10")

# %% [raw] mistake="court/one_detection"
# In the case of equal IoUs one of two objects is found, whichever wins: both say 51/101. A second detection has to suffer
# from the choice.
# ---
# - equal_ious = sketch("object 0 0 10 10, object 4 0 14 10, .9 2 0 12 10, .8 6 0 16 10")
# + equal_ious = sketch("object 0 0 10 10, object 4 0 14 10, .9 2 0 12 10")

# %% [raw] mistake="court/no_crowd"
# No object of the third case is a crowd, so the accused rule is never asked. Write `crowd` before one of the boxes.
# ---
# - in_crowd = sketch("object 0 0 10 10, crowd 20 0 60 40, .9 20 0 30 10, .8 0 0 10 10")
# + in_crowd = sketch("object 0 0 10 10, .8 0 0 10 10")

# %% [raw] mistake="court/only_a_crowd"
# The third case holds a crowd only. A class without an object that is no crowd has no AP at all: put an object elsewhere.
# ---
# - in_crowd = sketch("object 0 0 10 10, crowd 20 0 60 40, .9 20 0 30 10, .8 0 0 10 10")
# + in_crowd = sketch("crowd 20 0 60 40, .9 20 0 30 10")

# %% [raw] mistake="court/crowd_found"
# In the third case the accused finds the crowd as if it were an object, and all others, before any false alarm: both say 1.
# Let the crowd be so large that no detection has an IoU of .5 with it.
# ---
# - in_crowd = sketch("object 0 0 10 10, crowd 20 0 60 40, .9 20 0 30 10, .8 0 0 10 10")
# + in_crowd = sketch("object 0 0 10 10, crowd 20 0 30 10, .9 20 0 30 10, .8 0 0 10 10")

# %% [raw] mistake="court/text_alone"
# The last case is no case: a text alone is none. sketch(...) makes a case of it.
# ---
# - equal_scores = sketch("object 0 0 10 10, .9 50 0 60 10, .9 0 0 10 10")
# + equal_scores = "object 0 0 10 10, .9 50 0 60 10, .9 0 0 10 10"

# %% [raw] mistake="court/two_hits"
# In the last case all objects are found before any false alarm, whoever goes first: both say 1. Of two equal scores one
# has to be a hit, and the other a false alarm.
# ---
# - equal_scores = sketch("object 0 0 10 10, .9 50 0 60 10, .9 0 0 10 10")
# + equal_scores = sketch("object 0 0 10 10, object 50 0 60 10, .9 50 0 60 10, .9 0 0 10 10")

# %% [raw] mistake="court/different_scores"
# No two scores of the last case are equal, so the order is clear to both.
# ---
# - equal_scores = sketch("object 0 0 10 10, .9 50 0 60 10, .9 0 0 10 10")
# + equal_scores = sketch("object 0 0 10 10, .9 50 0 60 10, .8 0 0 10 10")

# %% [markdown]
# **Now your own AP stands trial**: all ten thresholds, pycocotools (the judge) beside your functions of steps 1 to 4.

# %%
def hard_cases():
    rng = np.random.default_rng(3)
    corner = rng.integers(0, 60, (140, 2))
    crowd_of_boxes = np.concatenate([corner, corner + rng.integers(5, 40, (140, 2))], 1)
    near = crowd_of_boxes[:12] + rng.integers(-3, 4, (12, 4))
    tenths = [[20 * i, 0, 20 * i + 10, 10] for i in range(10)]
    return {
        "IoU at the threshold": [at_threshold],
        "equal IoUs": [equal_ious],
        "in a crowd": [in_crowd],
        "equal scores": [equal_scores],
        "recall 7/10, then a miss": [case([*tenths[:7], [0, 50, 9, 59], tenths[7]], np.linspace(0.9, 0.1, 9), tenths)],
        "no detection at all": [case(np.zeros((0, 4)), [], [[0, 0, 9, 9]])],
        "detections, an image without objects": [case(tenths, np.linspace(0.9, 0.1, 10), tenths[:5]),
                                                 case(tenths, np.linspace(0.95, 0.15, 10), np.zeros((0, 4)))],
        "more than 100 detections": [case(np.concatenate([crowd_of_boxes, near]), np.linspace(0.9, 0.1, 152),
                                          crowd_of_boxes[88:108])],
        "many ties": [case(near, rng.integers(1, 4, 12) / 4, crowd_of_boxes[:12], rng.integers(0, 4, 12) == 0)
                      for _ in range(5)],
    }


def show_court():
    print(f"{'':38}pycocotools      yours   difference")
    for name, images in hard_cases().items():
        judge, yours = coco_ap(images), mean_over_classes(images, 1, class_ap)
        print(f"{name:38}{judge:11.6f}{yours:11.6f}{abs(judge - yours):13.0e}")


attempt(show_court, after=(*AP_STEPS, "court"))

# %% [markdown]
# Which of two equal IoUs wins is no question of right or wrong: somebody's loop decided it. A comparison of two APs is one
# of two models only if both come from the same code.
