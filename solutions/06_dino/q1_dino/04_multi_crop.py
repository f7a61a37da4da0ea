# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Many crops of one image · 3 points · 18 min · ●●●○○
# **You will be able to** make the views that DINO compares, and say which network sees which of them.
#
# DINO has no labels, only views: random parts of one image, changed at random in colour and sharpness (section 3.1 of
# the paper). What all views of an image have in common is what can be learned. Two views are *global*, they show a
# large part of the image. The others are *local*, small in pixels and in what they show. **The student sees all views,
# the teacher only the global ones**: from a small part the student is to say what the teacher says of a large one.
# Write
#
# 1. `views_of(side, n_local, split)` (1 point): a list of `View`s, the two global ones first.
#
#    | | `size` | `area` | `blur` | `solarise` |
#    |---|---|---|---|---|
#    | global 1 | side | (split, 1) | 1 | 0 |
#    | global 2 | side | (split, 1) | .1 | .2 |
#    | local, `n_local` times | side // 2 | (.05, split) | .5 | 0 |
#
#    `size` is the side in pixels, `area` the share of the image that the crop shows, at least and at most; `blur` and
#    `solarise` are probabilities. All views have `jitter=0.4` and `grey=0.2`.
# 2. `solarised(images, chosen)` (1 point): images (B, C, H, W) in 0..1. In those that are chosen, (B,) bool, each
#    number of .5 or more is inverted: v becomes 1 − v. All else stays.
# 3. `both_say(views, student, teacher)` (1 point): V views (B, 3, side, side), the two global ones first. Two lists: V
#    outputs of the student, 2 outputs of the teacher, both in the order of the views. Nothing of the teacher gets a
#    gradient.
#
# The numbers are those of the official code (`main_dino.py`, there split = .4): only the second view is solarised, and
# the first is always blurred. So the two large views differ, whatever was drawn.
#
# *Example.* `solarised` makes .9 → .1, .5 → .5, .4 → .4. With two global and four local views the student gives 6
# outputs and the teacher 2.
#
# The library's own `multi_crop`, `crop`, `solarise`, `DINO` and `BackboneWithHead` may not be used.

# %% exercise="multi_crop" forbids="detrlab.dino.multi_crop.multi_crop, detrlab.dino.multi_crop.crop, detrlab.dino.multi_crop.solarise, detrlab.dino.teacher.DINO, detrlab.dino.teacher.DINO.forward, detrlab.dino.teacher.BackboneWithHead, detrlab.dino.teacher.BackboneWithHead.forward"
def views_of(side, n_local, split):
    """A list of 2 + n_local Views, the global ones first: View(size=..., area=(..., ...), blur=..., ...)."""
    ### BEGIN SOLUTION
    changed = {"jitter": 0.4, "grey": 0.2}
    one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
    two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
    local = View(size=side // 2, area=(0.05, split), blur=0.5, **changed)
    return [one, two] + [local] * n_local
    ### END SOLUTION


def solarised(images, chosen):
    """Images (B, C, H, W) in 0..1, those with chosen (B,) True solarised: the same shape."""
    ### BEGIN SOLUTION
    bright = images >= 0.5
    changed = bright & chosen[:, None, None, None]
    return torch.where(changed, 1 - images, images)
    ### END SOLUTION


def both_say(views, student, teacher):
    """Two lists: the student's outputs of all views, and the teacher's of the first two, without gradient."""
    ### BEGIN SOLUTION
    of_student = [student(view) for view in views]
    with torch.no_grad():
        of_teacher = [teacher(view) for view in views[:2]]
    return of_student, of_teacher
    ### END SOLUTION

# %% check="multi_crop" points=3
@check(parts={"1. views_of": 1, "2. solarised": 1, "3. both_say": 1})
def multi_crop(draw):
    B, prototypes, H, W = draw.letters("B K H W", 5, 13)
    split, side, n_local = draw.number(0.2, 0.6), 2 * draw.size(7, 47), draw.integer(4, 8)
    order = draw.permutation(B * 3 * H * W).view(B, 3, H, W)
    images = draw.uniform(B, 3, H, W, low=0.02, high=0.47) + 0.51 * (order % 2)  # none is near a half
    chosen = draw.permutation(B) < B // 2
    views = [draw.normal(B, 3, size, size) for size in (6, 6, 4, 4, 4)]
    made = {name: nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, prototypes))
            for name in ("student", "teacher")}
    draw.fill(nn.ModuleDict(made))

    def recipes():
        given = views_of(side, n_local, split)
        if given is ____:
            return ____
        numbers = ("size", "jitter", "grey", "blur", "solarise")
        return [{name: float(getattr(view, name)) for name in numbers} | {"area": [float(share) for share in view.area]}
                for view in given]

    def said():
        given = both_say([view.clone() for view in views], made["student"], made["teacher"])
        if given is ____:
            return ____
        of_student, of_teacher = (list(outputs) for outputs in given)
        return {"of the student": of_student, "of the teacher": of_teacher,
                "the student's have gradients": [output.requires_grad for output in of_student],
                "the teacher's have gradients": [output.requires_grad for output in of_teacher]}

    return {"1. views_of": attempted(recipes),
            "2. solarised": attempted(lambda: solarised(images.clone(), chosen.clone())),
            "3. both_say": attempted(said)}


# %% [raw] hints="multi_crop"
# 1. Three kinds of views, one line of the table each. What is solarised has to fulfil two conditions at once: the
#    number is bright, and its image is chosen. Which views does each of the two networks see?
# 2. `View(size=..., area=(..., ...), jitter=..., grey=..., blur=..., solarise=...)`; a list times a number repeats it.
#    `chosen[:, None, None, None]` is (B, 1, 1, 1), and meets (B, C, H, W). `with torch.no_grad():` around what the
#    teacher does.
# 3. `[one, two] + [local] * n_local`; `torch.where(changed, 1 - images, images)` with `changed = (images >= .5) & ...`;
#    `[student(view) for view in views]`, and for the teacher `views[:2]`.

# %% [raw] mistake="multi_crop/view_one_solarised"
# The first view is solarised. Only the second is.
# ---
# - one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
# - two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
# + one = View(size=side, area=(split, 1.0), blur=1.0, solarise=0.2, **changed)
# + two = View(size=side, area=(split, 1.0), blur=0.1, **changed)

# %% [raw] mistake="multi_crop/both_global_solarised"
# Both global views are solarised. Only the second is.
# ---
# - one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
# + one = View(size=side, area=(split, 1.0), blur=1.0, solarise=0.2, **changed)

# %% [raw] mistake="multi_crop/all_solarised"
# All views are solarised. Only the second global one is.
# ---
# - changed = {"jitter": 0.4, "grey": 0.2}
# - one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
# - two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
# + changed = {"jitter": 0.4, "grey": 0.2, "solarise": 0.2}
# + one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
# + two = View(size=side, area=(split, 1.0), blur=0.1, **changed)

# %% [raw] mistake="multi_crop/global_views_alike"
# Both global views have the recipe of the first one. The second is blurred only with probability .1, and solarised
# with .2.
# ---
# - return [one, two] + [local] * n_local
# + return [one] * 2 + [local] * n_local

# %% [raw] mistake="multi_crop/both_blurred"
# The second view is always blurred, as the first one. Its probability is .1.
# ---
# - two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
# + two = View(size=side, area=(split, 1.0), blur=1.0, solarise=0.2, **changed)

# %% [raw] mistake="multi_crop/local_like_global"
# The local views may show as much as the global ones. They show at least .05 of the image, and at most `split`.
# ---
# - local = View(size=side // 2, area=(0.05, split), blur=0.5, **changed)
# + local = View(size=side // 2, area=(split, 1.0), blur=0.5, **changed)

# %% [raw] mistake="multi_crop/local_up_to_all"
# Local views may show all of the image. They show at most `split`: what is above is for the global ones.
# ---
# - local = View(size=side // 2, area=(0.05, split), blur=0.5, **changed)
# + local = View(size=side // 2, area=(0.05, 1.0), blur=0.5, **changed)

# %% [raw] mistake="multi_crop/local_as_large"
# The local views have as many pixels as the global ones. Their side is `side // 2`, so they cost a quarter.
# ---
# - local = View(size=side // 2, area=(0.05, split), blur=0.5, **changed)
# + local = View(size=side, area=(0.05, split), blur=0.5, **changed)

# %% [raw] mistake="multi_crop/areas_exchanged"
# The areas changed places: global views show at least `split` of the image, local ones at most that.
# ---
# - one = View(size=side, area=(split, 1.0), blur=1.0, **changed)
# - two = View(size=side, area=(split, 1.0), blur=0.1, solarise=0.2, **changed)
# - local = View(size=side // 2, area=(0.05, split), blur=0.5, **changed)
# + one = View(size=side, area=(0.05, split), blur=1.0, **changed)
# + two = View(size=side, area=(0.05, split), blur=0.1, solarise=0.2, **changed)
# + local = View(size=side // 2, area=(split, 1.0), blur=0.5, **changed)

# %% [raw] mistake="multi_crop/local_first"
# The local views come first. The two global ones do: whoever gets the list takes the first two for the teacher.
# ---
# - return [one, two] + [local] * n_local
# + return [local] * n_local + [one, two]

# %% [raw] mistake="multi_crop/one_local"
# There is one local view. There are to be `n_local`.
# ---
# - return [one, two] + [local] * n_local
# + return [one, two, local]

# %% [raw] mistake="multi_crop/n_views_in_all"
# There are `n_local` views in all. The two global ones are not counted among them.
# ---
# - return [one, two] + [local] * n_local
# + return [one, two] + [local] * (n_local - 2)

# %% [raw] mistake="multi_crop/colours_stay"
# The colours stay: `jitter` and `grey` are missing. All views have them.
# ---
# - changed = {"jitter": 0.4, "grey": 0.2}
# + changed = {}

# %% [raw] mistake="multi_crop/all_images_inverted"
# All images were solarised. Only those with `chosen` True are.
# ---
# - changed = bright & chosen[:, None, None, None]
# + changed = bright

# %% [raw] mistake="multi_crop/the_others"
# The images that were not chosen were solarised.
# ---
# - changed = bright & chosen[:, None, None, None]
# + changed = bright & ~chosen[:, None, None, None]

# %% [raw] mistake="multi_crop/dark_inverted"
# What is darker than a half was inverted. Solarising inverts what is bright.
# ---
# - bright = images >= 0.5
# + bright = images < 0.5

# %% [raw] mistake="multi_crop/whole_image_inverted"
# All numbers of a chosen image were inverted. Only those of .5 or more are.
# ---
# - changed = bright & chosen[:, None, None, None]
# + changed = chosen[:, None, None, None]

# %% [raw] mistake="multi_crop/from_255"
# The bright numbers were subtracted from 255. These images are in 0..1: 1 − v.
# ---
# - return torch.where(changed, 1 - images, images)
# + return torch.where(changed, 255 - images, images)

# %% [raw] mistake="multi_crop/cut_off"
# What is bright was cut off at a half. It is inverted: v becomes 1 − v.
# ---
# - return torch.where(changed, 1 - images, images)
# + return torch.where(changed, 0.5, images)

# %% [raw] mistake="multi_crop/black"
# What is bright became black. It is inverted: v becomes 1 − v.
# ---
# - return torch.where(changed, 1 - images, images)
# + return torch.where(changed, 0.0, images)

# %% [raw] mistake="multi_crop/teacher_sees_all"
# The teacher saw the local views as well. It sees the two global ones: from a small part nobody should learn what to
# say of a large one.
# ---
# - of_teacher = [teacher(view) for view in views[:2]]
# + of_teacher = [teacher(view) for view in views]

# %% [raw] mistake="multi_crop/teacher_sees_local"
# The teacher saw the local views only. It sees the two global ones, which come first.
# ---
# - of_teacher = [teacher(view) for view in views[:2]]
# + of_teacher = [teacher(view) for view in views[2:]]

# %% [raw] mistake="multi_crop/teacher_sees_one"
# The teacher saw one view. It sees both global ones.
# ---
# - of_teacher = [teacher(view) for view in views[:2]]
# + of_teacher = [teacher(view) for view in views[:1]]

# %% [raw] mistake="multi_crop/student_sees_local"
# The student saw the local views only. It sees all.
# ---
# - of_student = [student(view) for view in views]
# + of_student = [student(view) for view in views[2:]]

# %% [raw] mistake="multi_crop/student_sees_global"
# The student saw the global views only, so nothing is learned from small parts. It sees all.
# ---
# - of_student = [student(view) for view in views]
# + of_student = [student(view) for view in views[:2]]

# %% [raw] mistake="multi_crop/networks_exchanged"
# The two networks changed places: the teacher saw all views, the student the global ones.
# ---
# - of_student = [student(view) for view in views]
# + of_student = [student(view) for view in views[:2]]
# - of_teacher = [teacher(view) for view in views[:2]]
# - return of_student, of_teacher
# + of_teacher = [teacher(view) for view in views]
# + return of_teacher, of_student

# %% [raw] mistake="multi_crop/student_twice"
# The teacher's outputs are the student's. Ask `teacher`.
# ---
# - of_teacher = [teacher(view) for view in views[:2]]
# + of_teacher = [student(view) for view in views[:2]]

# %% [raw] mistake="multi_crop/lists_exchanged"
# The two lists changed places. The student's comes first.
# ---
# - return of_student, of_teacher
# + return of_teacher, of_student

# %% [raw] mistake="multi_crop/teacher_with_gradient"
# The teacher's outputs have gradients. The teacher follows the student in another way: ask it in `torch.no_grad()`.
# ---
# - with torch.no_grad():
# -     of_teacher = [teacher(view) for view in views[:2]]
# + of_teacher = [teacher(view) for view in views[:2]]

# %% [raw] mistake="multi_crop/student_without_gradient"
# The student's outputs have no gradient either, so nothing could be learned. `torch.no_grad()` is for the teacher
# alone.
# ---
# - of_student = [student(view) for view in views]
# - with torch.no_grad():
# + with torch.no_grad():
# +     of_student = [student(view) for view in views]

# %% [markdown]
# **The result**: your views of three scenes, cut by the library with the recipes that you wrote. Small crops are drawn
# smaller. Global view 2 is solarised in all three scenes here, by your function, so that it shows.

# %%
def show_views():
    images, _ = unit_images(3, first=30)
    made = views_of(SIDE, 4, 0.4)
    kinds = ["global 1", "global 2"] + [f"local {i}" for i in range(1, 5)]
    figure, axes = clear_subplots(3, 7, (8.8, 4.4))
    rng = np.random.default_rng(2)
    shown = []
    for view, kind in zip(made, kinds):
        crops = crops_of(images, [View(**{**vars(view), "solarise": 0.0})], rng)[0] * STD + MEAN
        shown.append(solarised(crops, torch.ones(3, dtype=torch.bool)) if kind == "global 2" else crops)
    for i, row in enumerate(axes):
        show(row[0], images[i], "" if i else "scene")
        for ax, kind, crops in zip(row[1:], kinds, shown):
            show(ax, crops[i], "" if i else kind)
            margin = (SIDE - crops.shape[-1]) / 2  # pixels are of one size in all panels
            ax.set(xlim=(-margin - 0.5, SIDE - margin - 0.5), ylim=(SIDE - margin - 0.5, -margin - 0.5))
            ax.set_axis_off()
    seen = {"student": len(made), "teacher": 2}
    pixels = {name: sum(view.size**2 for view in made[:count]) for name, count in seen.items()}
    print(", ".join(f"the {name} sees {seen[name]} views, {pixels[name]:,} pixels in all" for name in seen))
    return figure


attempt(show_views, after="multi_crop")

# %% [markdown]
# What differs between the views cannot be learned, since the student must say the same of all of them. So the recipe is
# a choice of what matters. Where colours are changed, colours are of less use; this is meant for photographs, whose
# objects are told apart by more than colour. For scenes of flat shapes on plain ground, in which there is little else,
# the training of this notebook leaves colours as they are.
