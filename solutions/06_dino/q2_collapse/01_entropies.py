# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Two entropies and a divergence · 3 points · 15 min · ●●○○○
# **You will be able to** say of a batch of outputs how sure each is, and how much they differ.
#
# DINO's teacher gives for each image a row of K probabilities. Nobody says what the K prototypes mean, so no accuracy
# can be counted. What can be measured is how the rows are spread. The *entropy* of a row p, in nats, is
# $h(p) = -\sum_k p_k \ln p_k$, where $0 \ln 0$ counts as 0. It is 0 if one prototype has all, and ln K if all have the
# same.
#
# 1. `entropy(p)`: probabilities (..., K) → (...). `two_entropies(p)`: N outputs (N, K) → two numbers, *the mean of the
#    entropies* of the rows, and *the entropy of the mean* of the rows (2 points, for both functions). The first says
#    how unsure an output is. The second says how evenly the prototypes are used by all N together.
# 2. `kl(p, q)`: the teacher's p and the student's q, (N, K) each → one number, the mean over the rows of
#    $\mathrm{KL}(p \| q) = \sum_k p_k \ln (p_k / q_k)$ (1 point). It is 0 where the student says what the teacher says.
#    The cross-entropy, which the student's training lowers, is $h(p) + \mathrm{KL}(p \| q)$. In p there may be zeros,
#    in q there are none.
#
# *Example.* K = 2, N = 2. The rows (1, 0) and (½, ½) have the entropies 0 and ln 2 = .693, so their mean is .347. The
# mean of the rows is (¾, ¼), of which the entropy is .562. For p = (½, ½) and q = (¼, ¾), KL is
# ½ ln 2 + ½ ln ⅔ = .144.
#
# The library's entropies, and ready-made divergences, may not be used; `torch.xlogy` may.

# %% exercise="entropies" forbids="detrlab.dino.loss.output_entropies, detrlab.dino.loss._entropy, detrlab.attention.measures.entropy, detrlab.dino.teacher.DINO.losses, torch.distributions.Categorical.entropy, torch.distributions.kl.kl_divergence, torch.nn.functional.kl_div, torch.kl_div, torch.nn.modules.loss.KLDivLoss, scipy.stats.entropy, scipy.special.rel_entr, scipy.special.kl_div"
def entropy(p):
    """The entropy in nats of probabilities (..., K): (...)."""
    ### BEGIN SOLUTION
    return -torch.xlogy(p, p).sum(-1)
    ### END SOLUTION


def two_entropies(p):
    """Of N outputs (N, K): the mean of their entropies, and the entropy of their mean."""
    ### BEGIN SOLUTION
    return entropy(p).mean(), entropy(p.mean(0))
    ### END SOLUTION


def kl(p, q):
    """The mean over N rows of KL(p || q): the teacher's p, the student's q, (N, K) each; one number."""
    ### BEGIN SOLUTION
    cross = -(p * q.log()).sum(-1)  # (N,)
    return (cross - entropy(p)).mean()
    ### END SOLUTION

# %% check="entropies" points=3
@check(parts={"1. entropies": 2, "2. kl": 1})
def entropies(draw):
    N, K, B = draw.letters("N K B", 5, 17)
    p = (2 * draw.normal(N, K)).softmax(-1)
    p[:, draw.permutation(K)[: K // 3]] = 0.0  # prototypes that nobody uses
    p[0, draw.integer(0, K - 1)] += 3.0
    p = p / p.sum(-1, keepdim=True)
    sure = F.one_hot(draw.permutation(N) % 3, K).float()
    q = (0.7 * draw.normal(N, K)).softmax(-1)
    several = draw.normal(2, B, K).softmax(-1)

    def two(outputs):
        of_each, of_mean = two_entropies(outputs)
        return {"mean of the entropies": numbers_of(of_each), "entropy of the mean": numbers_of(of_mean)}

    return {"1. entropies": {"each row": attempted(lambda: numbers_of(entropy(p.clone()))),
                             "more axes": attempted(lambda: numbers_of(entropy(several.clone()))),
                             "outputs": attempted(lambda: two(p.clone())),
                             "sure outputs": attempted(lambda: two(sure.clone()))},
            "2. kl": {"p and q": attempted(lambda: numbers_of(kl(p.clone(), q.clone()))),
                      "others": attempted(lambda: numbers_of(kl(several[0].clone(), several[1].clone())))}}


# %% [raw] hints="entropies"
# 1. Along which axis does a row sum to 1? Two words change places in the two numbers of `two_entropies`: which comes first,
#    the mean or the entropy? A logarithm of 0 is −inf, and 0 times that is no number.
# 2. `torch.xlogy(p, p)` is p ln p with 0 for p = 0. `p.mean(0)` is the mean output (K,), to which `entropy` applies as
#    well. KL is the cross-entropy of p and q less the entropy of p.
# 3. `entropy(p).mean()` and `entropy(p.mean(...))`; `cross = -(p * q.log()).sum(-1)`, then `(cross - ...).mean()`.

# %% [raw] mistake="entropies/in_bits"
# The logarithm was taken to base 2: that gives bits. Nats have the natural one.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -torch.xlogy(p, p).sum(-1) / math.log(2)

# %% [raw] mistake="entropies/of_ln_k"
# The entropy was divided by ln K. In nats it is not: even rows have ln K.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -torch.xlogy(p, p).sum(-1) / math.log(p.shape[-1])

# %% [raw] mistake="entropies/sign"
# The minus is missing: an entropy is never below 0.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return torch.xlogy(p, p).sum(-1)

# %% [raw] mistake="entropies/zero_times_infinity"
# The entropy of a row with a zero in it is no number: `log(0)` is −inf, and 0 times that is nan. 0 ln 0 counts as 0.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -(p * p.log()).sum(-1)

# %% [raw] mistake="entropies/mean_over_prototypes"
# The terms of a row were averaged. An entropy is their sum over the K prototypes.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -torch.xlogy(p, p).mean(-1)

# %% [raw] mistake="entropies/along_the_outputs"
# The sum ran over the first axis. Prototypes are the last one.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -torch.xlogy(p, p).sum(0)

# %% [raw] mistake="entropies/of_everything"
# The sum ran over all axes. Give one entropy for each row.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + return -torch.xlogy(p, p).sum()

# %% [raw] mistake="entropies/softmax_again"
# A softmax was taken of probabilities. They are rows that sum to 1 already.
# ---
# - return -torch.xlogy(p, p).sum(-1)
# + p = p.softmax(-1)
# + return -torch.xlogy(p, p).sum(-1)

# %% [raw] mistake="entropies/twice_the_mean_of_entropies"
# Both numbers are the mean of the entropies. For the second, first take the mean of the rows, then its entropy: rows
# that are sure of different prototypes have a mean that is spread.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p).mean(), entropy(p).mean()

# %% [raw] mistake="entropies/twice_the_entropy_of_the_mean"
# Both numbers are the entropy of the mean. For the first, take the entropy of each row, then the mean.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p.mean(0)), entropy(p.mean(0))

# %% [raw] mistake="entropies/exchanged"
# The two numbers came in the other order: first the mean of the entropies, then the entropy of the mean.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p.mean(0)), entropy(p).mean()

# %% [raw] mistake="entropies/sum_of_entropies"
# The entropies of the rows were added up. Their mean does not hang on how many rows there are.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p).sum(), entropy(p.mean(0))

# %% [raw] mistake="entropies/sum_of_rows"
# The rows were added up, not averaged: their sum is no row of probabilities.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p).mean(), entropy(p.sum(0))

# %% [raw] mistake="entropies/mean_of_a_row"
# The mean was taken over the prototypes of each row, which is always 1/K. The mean output is over the N rows.
# ---
# - return entropy(p).mean(), entropy(p.mean(0))
# + return entropy(p).mean(), entropy(p.mean(1))

# %% [raw] mistake="entropies/the_other_divergence"
# This is KL(q ‖ p). The two are not the same: here the weights before the logarithm are the teacher's, p.
# ---
# - cross = -(p * q.log()).sum(-1)  # (N,)
# - return (cross - entropy(p)).mean()
# + cross = -torch.xlogy(q, p.clamp(min=1e-12)).sum(-1)
# + return (cross - entropy(q)).mean()

# %% [raw] mistake="entropies/cross_entropy"
# This is the cross-entropy. KL is what is left of it when the teacher's own entropy is subtracted.
# ---
# - return (cross - entropy(p)).mean()
# + return cross.mean()

# %% [raw] mistake="entropies/students_entropy_off"
# The student's entropy was subtracted. From the cross-entropy of p and q the entropy of p goes off, the teacher's.
# ---
# - return (cross - entropy(p)).mean()
# + return (cross - entropy(q)).mean()

# %% [raw] mistake="entropies/difference_of_entropies"
# This is the difference of two entropies. Rows that are sure of different prototypes have equal entropies, and yet they
# do not agree: KL compares them prototype by prototype.
# ---
# - return (cross - entropy(p)).mean()
# + return (entropy(q) - entropy(p)).mean()

# %% [raw] mistake="entropies/negative_kl"
# The sign is turned: KL is never below 0.
# ---
# - return (cross - entropy(p)).mean()
# + return (entropy(p) - cross).mean()

# %% [raw] mistake="entropies/kl_of_each_row"
# These are the divergences of the rows. Return their mean, one number.
# ---
# - return (cross - entropy(p)).mean()
# + return cross - entropy(p)

# %% [raw] mistake="entropies/kl_summed"
# The divergences of the rows were added up. Return their mean.
# ---
# - return (cross - entropy(p)).mean()
# + return (cross - entropy(p)).sum()

# %% [raw] mistake="entropies/kl_over_prototypes_too"
# The mean ran over the prototypes as well. Sum over them, then take the mean over the rows.
# ---
# - cross = -(p * q.log()).sum(-1)  # (N,)
# - return (cross - entropy(p)).mean()
# + cross = -(p * q.log()).sum(-1)
# + return (cross - entropy(p)).mean() / p.shape[-1]

# %% [markdown]
# **What it looks like**: four times 12 outputs, made up, of 16 prototypes. A row of the map is one output. Above stand
# your two numbers in nats: the mean of the entropies of each output, and the entropy of their mean.

# %%
def show_outputs():
    rng = np.random.default_rng(3)
    rows = torch.arange(12)
    sets = {
        "sure, and different": F.one_hot(rows % 8, 16) * 9.0,
        "sure, and all the same": F.one_hot(rows * 0 + 5, 16) * 9.0,
        "each prototype alike": torch.zeros(12, 16),
        "unsure, and different": torch.from_numpy(rng.normal(size=(12, 16)) * 1.6).float(),
    }
    figure, axes = clear_subplots(1, len(sets), (8.8, 2.8))
    for ax, (name, logits) in zip(axes.flat, sets.items()):
        p = logits.softmax(-1)
        of_each, of_mean = (float(value) for value in two_entropies(p))
        shown(ax, p.numpy(), f"{name}\nof each {of_each:.2f}\nof the mean {of_mean:.2f}", cmap="cividis", vmin=0, vmax=1)
    axes.flat[0].set_ylabel("12 outputs", fontsize=9.5)
    axes.flat[0].set_xlabel("16 prototypes; ln 16 = 2.77 nats", fontsize=9.5)
    return figure


attempt(show_outputs, after="entropies")

# %% [markdown]
# The entropy of each output tells the first two from the last two, and nothing else. Only with the entropy of the mean
# all four are told apart. The outputs tell images apart where the second number is larger than the first.
