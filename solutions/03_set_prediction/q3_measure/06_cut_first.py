# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Should the doubtful ones go first? · 2 points · 12 min · ●●○○○
# **You will be able to** say what a threshold on the score does to AP.
#
# In 01 `detect` kept what scored above .7. For AP the official code keeps **all Q queries**: of each one the likeliest
# class *that is not no-object*, with its probability as the score. So a query that says "no object, .9" still gives a
# detection of its second-best class, with a score of at most .1.
#
# **Predict first** (1 point, for being there): the AP of the shapes model on 60 scenes, if
#
# - all queries are kept;
# - only those whose score is above .7 are kept.
#
# (Below it is measured, too, for the queries whose likeliest class is not no-object.)
#
# **Then write** `detections(logits, boxes_cxcywh, least)` (1 point) for one image: logits (Q, K + 1), the last one is
# no-object; boxes (Q, 4), cxcywh. It returns `(boxes_xyxy, scores, labels)` of the queries whose score is above `least`,
# in the order of the queries.
#
# *Example.* Probabilities (.1, .3, .6): the likeliest class but no-object is 1, with score .3. It is kept for `least=.2`
# and not for `least=.5`.

# %% exercise="cut_first"
# Prediction: the AP (0 to 1) ...
ap_of_all = 0.84  # ____
ap_above_07 = 0.8  # ____


def detections(logits, boxes_cxcywh, least):
    """Boxes xyxy (N, 4), scores (N,) and labels (N,) of the queries whose score is above `least`."""
    ### BEGIN SOLUTION
    scores, labels = logits.softmax(-1)[:, :-1].max(-1)
    kept = scores > least
    return cxcywh_to_xyxy(boxes_cxcywh)[kept], scores[kept], labels[kept]
    ### END SOLUTION

# %% check="cut_first" points=2
@check(parts={"1. prediction": 1, "2. detections": 1})
def cut_first(draw):
    def predicted(name):
        value = globals()[name]  # any is right
        if isinstance(value, str | bool):
            return "no number"
        try:
            return "in its range" if 0 <= float(value) <= 1 else "out of its range"
        except (TypeError, ValueError):
            return "no number"

    Q, K = draw.size(29, 43), draw.size(5, 7)
    draw.name(Q=Q, K=K)
    logits, boxes = 0.3 * draw.normal(Q, K + 1), draw.boxes_cxcywh(Q)
    rows, order = torch.arange(Q), draw.permutation(Q)
    best = torch.tensor([draw.integer(0, K - 1) for _ in range(Q)])
    logits[rows, best] += 3
    logits[:, -1] += 2 * (order % 3)  # sure of a class; of either; sure of no-object
    in_order = logits.softmax(-1)[:, :-1].amax(-1).sort().values[Q // 4 : -Q // 4]
    widest = int(in_order.diff().argmax())  # `least` lies far from every score
    least = float((in_order[widest] + in_order[widest + 1]) / 2)

    even = torch.zeros(Q, 4)  # probabilities of exactly 1/4
    even[rows, best % 3] = 2.0 * (order % 2)

    def kept(least, logits=logits):
        boxes_xyxy, scores, labels = detections(logits.clone(), boxes.clone(), least)
        return {"boxes": floats(boxes_xyxy), "scores": floats(scores), "labels": whole(labels)}

    names, seal = ("ap_of_all", "ap_above_07"), draw.integer(1, 10**6)  # what comes back hangs on the seed
    return {"1. prediction": attempted(lambda: {name: predicted(name) for name in names} | {"seal": seal}),
            "2. detections": attempted(lambda: {"all": kept(0.0), "some": kept(least), "scores equal to least": kept(0.25, even)})}


# %% [raw] hints="cut_first"
# 1. The softmax runs over all K + 1 classes; which of them may be the answer? Any prediction from 0 to 1 does.
# 2. `logits.softmax(-1)[:, :-1].max(-1)` gives scores and labels. A mask `scores > least` picks rows of all three results.
# 3. `return cxcywh_to_xyxy(boxes_cxcywh)[kept], scores[kept], ...`, and two numbers such as `ap_of_all = 0.5`.

# %% [raw] mistake="cut_first/no_object_dropped"
# Queries whose likeliest class is no-object were dropped. They count, too, with their best other class, if its score is
# above `least`.
# ---
# - kept = scores > least
# + kept = (scores > least) & (logits.argmax(-1) != logits.shape[-1] - 1)

# %% [raw] mistake="cut_first/softmax_of_classes"
# The softmax ran over the K classes only, so no-object took no probability away. Softmax over all K + 1, then leave the
# last one out.
# ---
# - scores, labels = logits.softmax(-1)[:, :-1].max(-1)
# + scores, labels = logits[:, :-1].softmax(-1).max(-1)

# %% [raw] mistake="cut_first/no_object_an_answer"
# No-object was an answer: there are labels K. It takes part in the softmax, but is no class that an image can show.
# ---
# - scores, labels = logits.softmax(-1)[:, :-1].max(-1)
# + scores, labels = logits.softmax(-1).max(-1)

# %% [raw] mistake="cut_first/sigmoid"
# The sigmoid looks at each class by itself. DETR's classes compete in a softmax.
# ---
# - scores, labels = logits.softmax(-1)[:, :-1].max(-1)
# + scores, labels = logits.sigmoid()[:, :-1].max(-1)

# %% [raw] mistake="cut_first/logits_as_scores"
# The scores are logits. A score is a probability: softmax first.
# ---
# - scores, labels = logits.softmax(-1)[:, :-1].max(-1)
# + scores, labels = logits[:, :-1].max(-1)

# %% [raw] mistake="cut_first/first_class_dropped"
# The first class was left out, not the last one. No-object is the last logit.
# ---
# - scores, labels = logits.softmax(-1)[:, :-1].max(-1)
# + scores, labels = logits.softmax(-1)[:, 1:].max(-1)

# %% [raw] mistake="cut_first/all_kept"
# All queries came back, whatever `least` is.
# ---
# - kept = scores > least
# + kept = scores > -1

# %% [raw] mistake="cut_first/centre_and_size"
# The boxes are still centre and size. AP takes corners: cxcywh_to_xyxy.
# ---
# - return cxcywh_to_xyxy(boxes_cxcywh)[kept], scores[kept], labels[kept]
# + return boxes_cxcywh[kept], scores[kept], labels[kept]

# %% [raw] mistake="cut_first/in_per_cent"
# The predictions are out of their range. An AP is a number from 0 to 1; papers print it times 100.
# ---
# - ap_of_all = 0.84
# + ap_of_all = 84
# - ap_above_07 = 0.8
# + ap_above_07 = 80

# %% [raw] mistake="cut_first/in_words"
# The predictions are words. Write a number from 0 to 1 for each, without quotes.
# ---
# - ap_of_all = 0.84
# + ap_of_all = "high"
# - ap_above_07 = 0.8
# + ap_above_07 = "higher"

# %% [markdown]
# **The result**, by your own AP. (The cell takes some seconds, and shows all at once.)

# %%
def show_cut():
    _, scenes, _, logits, boxes_cxcywh = shapes_run()
    not_empty = logits.argmax(-1) != logits.shape[-1] - 1  # (P, Q)

    def measured(least, keep):
        images = [as_image(scene, *detections(logits[i, keep[i]], boxes_cxcywh[i, keep[i]], least))
                  for i, scene in enumerate(scenes)]
        count = sum(len(image["scores"]) for image in images)
        return mean_over_classes(images, len(SHAPES_CLASSES), class_ap), count

    everything = torch.ones_like(not_empty)
    print(f"{'':34}detections      AP   predicted")
    for name, least, keep, guess in (("all queries", 0, everything, ap_of_all), ("score above .7", 0.7, everything, ap_above_07),
                                     ("likeliest class is not no-object", 0, not_empty, None)):
        ap, count = measured(least, keep)
        print(f"{name:34}{count:10}{ap:8.3f}" + ("" if guess is None else f"{guess:12.3f}"))


attempt(show_cut, after=(*AP_STEPS, "cut_first"))

# %% [markdown]
# A detection with a small score stands at the end of the curve: if it is a false alarm, the envelope before it stays as it
# is; if it is a hit, the recall grows. So a threshold on the score can only lower an AP. A person who looks at the image
# needs one.
