# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · Three faults, by their curves · 5 points · 24 min · ●●●●○
# **You will be able to** find a fault in a training without labels when curves are all you have.
#
# Five trainings, A to E, were run as in step 2, for 80 steps, with the seeds 0, 1 and 2. Three have a fault that you have
# not seen yet, two do not collapse:
#
# | training | what is done |
# |---|---|
# | *centre added* | a slip of sign: the centre is added to the teacher's logits, not subtracted |
# | *temperatures exchanged* | the student has the teacher's temperature, .04, and the teacher the student's, .1 |
# | *hasty teacher* | momentum 0: after each step the teacher is the student of this step |
# | sharper | no collapse: the teacher's temperature is .01, so it is very sure of what it says |
# | as usual | no collapse, as in step 2 |
#
# The figure below shows them, a column for each training, a line for each seed. **Write** the letter of each fault, and
# a number of the curves that proves it (the letter and its function together):
#
# 1. *centre added* (2 points): `told(entropy, of_mean, last)`, two curves (steps,) → the mean over the last `last` steps
#    of the entropy of the mean *less* the mean of the entropies. So many nats an output tells of its image. It is near 0
#    in every collapse, of whichever kind, and well above 0 else.
# 2. *temperatures exchanged* (2 points): `in_use(of_mean, last)`: first the mean of the last `last` numbers of this
#    curve, then e to this power. So many prototypes are in use: 1 if one wins, K if outputs are even.
# 3. *hasty teacher* (1 point): `swing(curve, last)`: of the last `last` numbers of a curve the largest less the smallest.
#
# *Example.* Entropies `[2, 1, 1]`, entropies of the mean `[2, 2, 4]`, last = 2: the differences of the last two steps are
# 1 and 3, so `told` is 2. `in_use` is e³ = 20.1, from the mean of 2 and 4. `swing` of `[9, 1, 4, 2]` with last = 3 is
# 4 − 1 = 3.

# %%
def show_curves():
    figure, axes = clear_subplots(3, len(LETTERS), (8.8, 5.4))
    for column, letter in enumerate(LETTERS):
        for row, name in enumerate(("entropy", "entropy of the mean", "kl")):
            ax = axes[row, column]
            for seed, (run, colour) in enumerate(zip(curves_of(letter), THREE_COLOURS)):
                ax.plot(range(1, len(run[name]) + 1), run[name], color=colour, linewidth=1, label=f"seed {seed}")
            ax.set_ylim(-0.1, 5.2)
            ax.axhline(math.log(K), color=GREY, linestyle="--", linewidth=0.8)
            ax.set_title(letter if row == 0 else "", fontsize=11)
            ax.tick_params(labelbottom=row == 2, labelleft=column == 0)
            if column == 0:
                ax.set_ylabel(name, fontsize=9.5)
    axes[2, 2].set_xlabel("steps; curves in nats, a line for each of three seeds; dashed: ln 64", fontsize=9.5)
    return figure


attempt(show_curves)

# %% exercise="three_faults"
# The letter of the training with each fault.
centre_added = "E"  # ____
temperatures_exchanged = "D"  # ____
hasty_teacher = "B"  # ____


def told(entropy, of_mean, last=20):
    """Nats that an output tells of its image, the mean over the last steps: two curves (steps,) -> one number."""
    ### BEGIN SOLUTION
    return (of_mean - entropy)[-last:].mean()
    ### END SOLUTION


def in_use(of_mean, last=20):
    """The prototypes in use: e to the mean of the last numbers of the curve (steps,); one number."""
    ### BEGIN SOLUTION
    return of_mean[-last:].mean().exp()
    ### END SOLUTION


def swing(curve, last=40):
    """The largest of the last numbers of a curve (steps,) less the smallest of them; one number."""
    ### BEGIN SOLUTION
    return curve[-last:].max() - curve[-last:].min()
    ### END SOLUTION

# %% check="three_faults" points=5
@check(parts={"1. centre added": 2, "2. temperatures exchanged": 2, "3. hasty teacher": 1})
def three_faults(draw):
    (steps,) = draw.letters("T", 17, 29)
    last, more = draw.size(5, 7), draw.size(9, 13)
    entropy, gap = 2.5 * draw.uniform(steps), 2 * draw.uniform(steps)
    of_mean, rising, falling = entropy + gap, 1 + 3 * draw.uniform(steps), 1 + 3 * draw.uniform(steps)
    rising[-1], rising[-3] = draw.number(4.2, 4.7), draw.number(0.2, 0.7)  # largest and smallest are no neighbours
    falling[-1], falling[-3] = draw.number(0.2, 0.7), draw.number(4.2, 4.7)
    for curve, count in ((rising, last), (falling, more)):
        curve[-count - 1] += 5.0  # just before the numbers that count: a larger one, and a smaller one
        curve[-count - 2] = draw.number(0.02, 0.06)
        curve[0] += 9.0

    def letter(call):
        return draw.sealed_word(call, "ABCDE")

    def number(call):
        return attempted(lambda: float(call()))

    return {
        "1. centre added": {"letter": letter(lambda: centre_added),
                            "told": number(lambda: told(entropy.clone(), of_mean.clone(), last)),
                            "told, more": number(lambda: told(entropy.clone(), of_mean.clone(), more))},
        "2. temperatures exchanged": {"letter": letter(lambda: temperatures_exchanged),
                                      "in use": number(lambda: in_use(of_mean.clone(), last)),
                                      "in use, more": number(lambda: in_use(of_mean.clone(), more))},
        "3. hasty teacher": {"letter": letter(lambda: hasty_teacher),
                             "swing": number(lambda: swing(rising.clone(), last)),
                             "swing, more": number(lambda: swing(falling.clone(), more))},
    }


# %% [raw] hints="three_faults"
# 1. First find the trainings whose two entropies lie close together at the end: these have collapsed. What does a centre
#    do that pushes the wrong way? What does it do beside outputs that are unsure? Which teacher has no memory, and so
#    follows every whim?
# 2. `curve[-last:]` are the last numbers. `.mean()`, `.exp()`, `.max()` and `.min()` are all that is needed. A training
#    whose entropy is low is sound if the entropy of its mean is not.
# 3. `(of_mean - entropy)[-last:]....`; `of_mean[-last:].mean()....`; `curve[-last:].max() - ...`. Of the three
#    that have collapsed one lies at 0 in the end, one at ln 64, and one swings.

# %% [raw] mistake="three_faults/low_entropy_called_collapse"
# Training A has not collapsed. Its outputs are sure, so their entropy is low, but that of their mean is not: different
# images have different prototypes. A low entropy alone is no collapse.
# ---
# - centre_added = "E"
# + centre_added = "A"

# %% [raw] mistake="three_faults/hasty_taken_for_centre"
# Training B does come near 0, and leaves it again. What adds the centre to a prototype that is likely makes it likelier
# at each step, and there is no way back.
# ---
# - centre_added = "E"
# + centre_added = "B"

# %% [raw] mistake="three_faults/ln_k_blamed_on_the_centre"
# Training D ends at ln K, even outputs. An added centre makes the likely prototype likelier, so one wins: 0. Even
# outputs come from a teacher that is less sure than its student.
# ---
# - centre_added = "E"
# + centre_added = "D"

# %% [raw] mistake="three_faults/zero_blamed_on_the_temperatures"
# Training E ends at 0: one prototype wins. A teacher with a temperature above the student's is *less* sure than the
# student, and with each step both become less sure.
# ---
# - temperatures_exchanged = "D"
# + temperatures_exchanged = "E"

# %% [raw] mistake="three_faults/swings_blamed_on_the_temperatures"
# Training B comes near ln K and leaves it again. With exchanged temperatures nothing drives outputs away from even ones.
# ---
# - temperatures_exchanged = "D"
# + temperatures_exchanged = "B"

# %% [raw] mistake="three_faults/sound_called_exchanged"
# Training C is sound: its outputs are not sure, but far from even, and the entropy of their mean is clearly larger.
# ---
# - temperatures_exchanged = "D"
# + temperatures_exchanged = "C"

# %% [raw] mistake="three_faults/uneven_called_hasty"
# Training A has not collapsed: its curves are uneven, but its two entropies stay apart. Without a memory the teacher
# swings from one collapse to the other.
# ---
# - hasty_teacher = "B"
# + hasty_teacher = "A"

# %% [raw] mistake="three_faults/steady_called_hasty"
# Training C is sound: its entropies change slowly, and stay apart. A teacher that is the student of the last step has
# nothing that steadies it.
# ---
# - hasty_teacher = "B"
# + hasty_teacher = "C"

# %% [raw] mistake="three_faults/told_turned"
# The difference is the other way round: the entropy of the mean is the larger one. (It always is: a mean is spread at
# least as far as its rows are.)
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return (entropy - of_mean)[-last:].mean()

# %% [raw] mistake="three_faults/told_of_all_steps"
# `told` has the mean over all steps. Before a collapse there is none: take the last ones.
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return (of_mean - entropy).mean()

# %% [raw] mistake="three_faults/told_of_the_first_steps"
# `told` has the mean over the first steps. The last ones are `[-last:]`.
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return (of_mean - entropy)[:last].mean()

# %% [raw] mistake="three_faults/told_at_the_end"
# `told` has the last step alone. One batch is little: take the mean over the last ones.
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return (of_mean - entropy)[-1]

# %% [raw] mistake="three_faults/told_as_a_share"
# `told` has a quotient. It asks for nats: the difference of the two entropies.
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return (1 - entropy / of_mean)[-last:].mean()

# %% [raw] mistake="three_faults/low_entropy_counts"
# `told` has the mean of the entropies alone. It is low in a collapse to one prototype, and in a sound training whose
# outputs are sure: it needs the entropy of the mean beside it.
# ---
# - return (of_mean - entropy)[-last:].mean()
# + return entropy[-last:].mean()

# %% [raw] mistake="three_faults/mean_of_powers"
# `in_use` has the mean of the powers. First the mean, then e to this power.
# ---
# - return of_mean[-last:].mean().exp()
# + return of_mean[-last:].exp().mean()

# %% [raw] mistake="three_faults/power_of_two"
# `in_use` has a power of 2. The entropies are in nats: e is the base.
# ---
# - return of_mean[-last:].mean().exp()
# + return 2 ** of_mean[-last:].mean()

# %% [raw] mistake="three_faults/no_power"
# `in_use` has the mean entropy itself. The number of prototypes is e to this power.
# ---
# - return of_mean[-last:].mean().exp()
# + return of_mean[-last:].mean()

# %% [raw] mistake="three_faults/in_use_of_all_steps"
# `in_use` has the mean over all steps. Take the last ones.
# ---
# - return of_mean[-last:].mean().exp()
# + return of_mean.mean().exp()

# %% [raw] mistake="three_faults/deviation"
# `swing` has the standard deviation. Give the largest less the smallest.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-last:].std()

# %% [raw] mistake="three_faults/first_and_last"
# `swing` has the difference of the first and the last number. A curve that went up and came back would have none.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-1] - curve[-last]

# %% [raw] mistake="three_faults/largest_alone"
# `swing` has the largest number alone. Subtract the smallest: a curve that lies high need not swing.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-last:].max()

# %% [raw] mistake="three_faults/largest_change"
# `swing` has the largest change from one step to the next. A swing takes many steps: compare the largest number with the
# smallest.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-last:].diff().abs().max()

# %% [raw] mistake="three_faults/swing_turned"
# `swing` is below 0: the largest comes first.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-last:].min() - curve[-last:].max()

# %% [raw] mistake="three_faults/one_number_too_many"
# `swing` looks at one number too many. The last ones are `curve[-last:]`.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve[-last - 1 :].max() - curve[-last - 1 :].min()

# %% [raw] mistake="three_faults/swing_of_all_steps"
# `swing` has all steps. In the first ones every training changes much: take the last ones.
# ---
# - return curve[-last:].max() - curve[-last:].min()
# + return curve.max() - curve.min()

# %% [markdown]
# **The result**: your numbers for each training and seed. A diagnosis counts if it holds for all three seeds.

# %%
def show_evidence():
    print(f"{'':4}{'told, nats':^15}{'in use':^18}{'swing, nats':^18}\nseed" + 3 * f"{0:5}{1:5}{2:5}  ")
    for letter, name in LETTERS.items():
        nats = [float(told(run["entropy"], run["entropy of the mean"])) for run in curves_of(letter)]
        used = [float(in_use(run["entropy of the mean"])) for run in curves_of(letter)]
        moved = [float(swing(run["entropy"])) for run in curves_of(letter)]
        columns = [(nats, ".2f"), (used, ".0f"), (moved, ".2f")]
        print(f"{letter:4}" + "".join("".join(f"{value:5{how}}" for value in three) + "  " for three, how in columns) + name)


attempt(show_evidence, after="three_faults")

# %% [markdown]
# `told` alone finds the collapses, all three. Which of them it is takes another number: how many prototypes are in use,
# and whether that stays. At its end B looks like D: one step shows neither.
