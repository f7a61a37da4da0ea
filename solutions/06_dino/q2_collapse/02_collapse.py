# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Collapse on purpose · 3 points · 19 min · ●●○○○
# **You will be able to** say what the curves of a collapse look like before you see one, and which part prevents which.
#
# An output that is the same for every image is a *collapse*. There are two kinds: one prototype wins for all images, or
# all prototypes are equally likely for all images. K = 64. **Work out**, as numbers (`math.log` is at hand; a hundredth
# is near enough):
#
# 1. (1 point) *One prototype wins*: teacher and student both give it probability 1, for all images. The mean of the
#    entropies, the entropy of the mean, and the KL divergence of student and teacher. The same three where both networks
#    say *even* outputs, 1/64 for each prototype.
# 2. (1 point) *Healthy*: the teacher is sure, for each image one prototype has probability 1. Of the 64 prototypes 16 are
#    in use, each for as many images as another. The teacher's two entropies. The student of this teacher is new, and gives
#    even outputs: what is the KL divergence?
# 3. (1 point) *Which part prevents which?* Centring subtracts from the teacher's logits what all images have in common.
#    Sharpening divides them by a small temperature. If one of the two is taken away, the other pushes to where it leads
#    alone: what does DINO come to **without centring**, and what **without sharpening**? Write "one" (prototype wins) or
#    "even".
#
# *Example.* With K = 4 and outputs that are sure, half of them of prototype 0 and half of prototype 2, the entropies are
# 0 and ln 2.

# %% exercise="collapse"
# One prototype wins for all images: mean of the entropies, entropy of the mean, KL.
one_entropy = 0  # ____
one_of_mean = 0  # ____
one_kl = 0  # ____
# Even outputs for all images.
even_entropy = math.log(64)  # ____
even_of_mean = math.log(64)  # ____
even_kl = 0  # ____
# Healthy: a sure teacher that uses 16 prototypes, and a student with even outputs.
healthy_entropy = 0  # ____
healthy_of_mean = math.log(16)  # ____
healthy_kl = math.log(64)  # ____
# "one" or "even"
without_centring = "one"  # ____
without_sharpening = "even"  # ____

# %% check="collapse" points=3
@check(parts={"1. two collapses": 1, "2. healthy": 1, "3. which part": 1})
def collapse(draw):
    def number(call):
        return draw.sealed(call, digits=2)

    def word(call):
        return draw.sealed_word(call, ("one", "even"))

    return {"1. two collapses": {"one: entropy": number(lambda: one_entropy), "one: of the mean": number(lambda: one_of_mean),
                                 "one: KL": number(lambda: one_kl), "even: entropy": number(lambda: even_entropy),
                                 "even: of the mean": number(lambda: even_of_mean), "even: KL": number(lambda: even_kl)},
            "2. healthy": {"entropy": number(lambda: healthy_entropy), "of the mean": number(lambda: healthy_of_mean),
                           "KL": number(lambda: healthy_kl)},
            "3. which part": {"without centring": word(lambda: without_centring),
                              "without sharpening": word(lambda: without_sharpening)}}


# %% [raw] hints="collapse"
# 1. What is the mean of N equal rows? What is the KL divergence of two equal rows? What is left to a network that is
#    asked to be sure, and what to one that may be unsure?
# 2. A row with one 1 has the entropy 0; an even row over n prototypes has ln n. KL of a sure p and an even q over K is
#    1 · ln (1 / (1/K)). A small temperature makes one prototype win in each row.
# 3. ln 64 is `math.log(64)`. Healthy: 0, ln of the prototypes in use, and ln of *all* prototypes. What sharpening alone
#    leads to is what the centre prevents: ...

# %% [raw] mistake="collapse/zero_and_ln_k_of_one"
# Where one prototype wins, no row is unsure: the entropy is 0, and not ln K. ln K is that of even rows.
# ---
# - one_entropy = 0
# - one_of_mean = 0
# + one_entropy = math.log(64)
# + one_of_mean = math.log(64)

# %% [raw] mistake="collapse/zero_and_ln_k_of_even"
# Where all prototypes are equally likely, a row is as unsure as it can be: ln K, and not 0.
# ---
# - even_entropy = math.log(64)
# - even_of_mean = math.log(64)
# + even_entropy = 0
# + even_of_mean = 0

# %% [raw] mistake="collapse/one_spread_over_all"
# The mean of N rows that are all the same is that row: its entropy is 0, too. It would be larger if different images had
# different prototypes, and then nothing would have collapsed.
# ---
# - one_of_mean = 0
# + one_of_mean = math.log(64)

# %% [raw] mistake="collapse/kl_of_one"
# Both networks say the same of every image, so KL is 0. That is why the loss does not warn: it is as low as it can be.
# ---
# - one_kl = 0
# + one_kl = math.log(64)

# %% [raw] mistake="collapse/kl_of_even"
# Both say even outputs, so they agree, and KL is 0. The cross-entropy is ln K there; KL is that less the entropy.
# ---
# - even_kl = 0
# + even_kl = math.log(64)

# %% [raw] mistake="collapse/log_two"
# 6 is the logarithm of 64 to base 2. In nats it is ln 64 = 4.16.
# ---
# - even_entropy = math.log(64)
# - even_of_mean = math.log(64)
# + even_entropy = 6
# + even_of_mean = 6

# %% [raw] mistake="collapse/counted"
# This is the number of prototypes. An entropy is its logarithm where all are equally likely.
# ---
# - even_entropy = math.log(64)
# - even_of_mean = math.log(64)
# + even_entropy = 64
# + even_of_mean = 64

# %% [raw] mistake="collapse/per_prototype"
# This is one of the 64 terms. Their sum is asked for: 64 · (1/64) ln 64.
# ---
# - even_entropy = math.log(64)
# - even_of_mean = math.log(64)
# + even_entropy = math.log(64) / 64
# + even_of_mean = math.log(64) / 64

# %% [raw] mistake="collapse/healthy_is_unsure"
# ln 16 is the entropy of the mean. Each output by itself is sure of one prototype, so its entropy is 0: a low entropy
# alone is no collapse.
# ---
# - healthy_entropy = 0
# + healthy_entropy = math.log(16)

# %% [raw] mistake="collapse/all_in_use"
# ln 64 would be right if all 64 prototypes were in use. The mean output has 1/16 at 16 of them, and 0 elsewhere.
# ---
# - healthy_of_mean = math.log(16)
# + healthy_of_mean = math.log(64)

# %% [raw] mistake="collapse/healthy_taken_for_collapse"
# The mean of outputs that are sure of *different* prototypes is spread over 16 of them. 0 would be the entropy of a mean
# that is on one prototype.
# ---
# - healthy_of_mean = math.log(16)
# + healthy_of_mean = 0

# %% [raw] mistake="collapse/student_knows_the_sixteen"
# The student gives 1/64 to each of all prototypes, not 1/16 to those in use: the teacher's prototype has 1/64, and
# ln (1 / (1/64)) is ln 64.
# ---
# - healthy_kl = math.log(64)
# + healthy_kl = math.log(16)

# %% [raw] mistake="collapse/difference_for_kl"
# ln 64 − ln 16 compares the student with the teacher's *mean*. KL compares row by row, and each row of the teacher is
# sure: its entropy is 0.
# ---
# - healthy_kl = math.log(64)
# + healthy_kl = math.log(64) - math.log(16)

# %% [raw] mistake="collapse/new_student_agrees"
# 0 would be right for a student that says what the teacher says. This one gives even outputs, the teacher sure ones.
# ---
# - healthy_kl = math.log(64)
# + healthy_kl = 0

# %% [raw] mistake="collapse/parts_exchanged"
# The two changed places. A small temperature makes outputs sure: with it alone, nothing keeps the same prototype from
# winning everywhere. The centre takes off what is common to all images: with it alone, nothing makes an output sure.
# ---
# - without_centring = "one"
# - without_sharpening = "even"
# + without_centring = "even"
# + without_sharpening = "one"

# %% [raw] mistake="collapse/both_to_one"
# Without sharpening no output is pushed to be sure, and the centre holds each prototype back that would win: the
# outputs become even.
# ---
# - without_sharpening = "even"
# + without_sharpening = "one"

# %% [raw] mistake="collapse/both_to_even"
# Without centring sharpening is left, which makes outputs sure. What is sure of the same prototype everywhere is "one".
# ---
# - without_centring = "one"
# + without_centring = "even"

# %% [markdown]
# #### Now let it happen
# The trainings of this step are short and have crops of half the size, so that one takes some seconds: 50 steps of 32
# images, the teacher's momentum .9 (with the usual .99 a collapse takes longer to show). At each step *your* entropies
# and your KL look at what the two networks say. The first cell trains as it should be, and with a centre that stays 0.

# %%
WATCHED = {}  # what the curves of the trainings below were, by what was wrong


def watch(wrong, seed=0, steps=50):
    """Trains with something wrong, and keeps what your functions say at each step."""
    trainer = collapse_trainer(wrong, scenes_of("training", 600), seed, steps)
    learner, curves = trainer.learner, []

    def look(module, inputs, outputs):
        with torch.no_grad():
            p = learner.loss.goals(torch.stack(outputs["teacher"]))  # (G, B, K), centred and sharpened
            q = (torch.stack(outputs["student"]) / learner.loss.student_temp).softmax(-1)  # (V, B, K)
            of_each, of_mean = two_entropies(p.flatten(0, 1))
            pairs = [float(kl(p[g], q[v])) for g in range(len(p)) for v in range(len(q)) if v != g]
        losses = {"entropy": float(of_each), "entropy of the mean": float(of_mean), "kl": sum(pairs) / len(pairs)}
        curves.append(SimpleNamespace(step=len(curves) + 1, losses=losses))

    learner.register_forward_hook(look)
    trainer.run(report=lambda report: None)
    WATCHED[wrong] = curves


def show_without_centring():
    for wrong in ("nothing", "no centring"):
        print(f"training for 50 steps; what is wrong with it: {wrong}")
        watch(wrong)
    names = {"as it should be": "nothing", "no centring": "no centring"}
    return plot_collapse({name: WATCHED[wrong] for name, wrong in names.items()}, K)


attempt(show_without_centring, after=("entropies", "collapse"))

# %% [markdown]
# The dashed line is ln K. The second run goes where you said of "one": both entropies fall towards 0, and KL with them.
# To the loss this is a success.
#
# The second cell leaves sharpening out (the teacher's temperature is the student's, .1), and gives the teacher another
# fault: `teacher = student` in place of a copy, an *alias*, one network under two names. It is said that this, too,
# leads to even outputs. Make a guess before you run it.

# %%
def show_without_sharpening():
    for wrong in ("no sharpening", "aliased teacher"):
        print(f"training for 50 steps; what is wrong with it: {wrong}")
        watch(wrong)
    figure = plot_collapse({name: WATCHED[name] for name in ("no sharpening", "aliased teacher")}, K)
    print("last 10 steps, nats, mean    entropy   of the mean     kl")
    for wrong, curves in WATCHED.items():
        ends = [sum(each.losses[name] for each in curves[-10:]) / 10 for name in curves[0].losses]
        print(f"{wrong:26}{ends[0]:10.2f}{ends[1]:14.2f}{ends[2]:7.2f}")
    return figure


attempt(show_without_sharpening, after=("entropies", "collapse"))

# %% [markdown]
# Without sharpening the outputs are nearly even, ln K, within a few steps. The alias does neither of the two for long:
# it swings. One prototype takes all, then the centre, which comes behind, has taken it off, and the outputs are spread
# until another one takes over. So a curve has to be read as a whole: at some steps the alias looks like one collapse, at
# some like the other. And its two entropies lie closer together than those of the sound training: its outputs tell less
# of their images.
