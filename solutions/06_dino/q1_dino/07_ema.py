# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · The teacher · 3 points · 12 min · ●●●○○
# **You will be able to** make a teacher that follows its student, and tell a copy from a second name.
#
# The teacher is the student as it was, averaged over the steps before: an *exponential moving average* (EMA). After each
# step of the optimiser every parameter of the teacher moves a little towards the student's,
# $\theta_t \leftarrow m\,\theta_t + (1 - m)\,\theta_s$. No gradient and no optimiser ever touches it. Such an average is
# often better than the student itself at that moment, so it has something to teach (section 5.2 of the paper).
#
# 1. `follow(teacher, student, momentum)` (2 points): moves the *parameters* of the teacher, in place, and nothing else.
#    Buffers, such as the running statistics of a batch norm, stay as they are: the teacher makes its own from what it
#    sees. The student stays, too. Both are modules of one architecture, so `parameters()` gives both in one order. The
#    teacher's parameters want no gradient, the student's do: move them in `torch.no_grad()`.
# 2. `teacher_of(student)` (1 point): the teacher at the start. A module of its own with the student's weights, of which
#    no parameter wants a gradient. The student's still do.
#
# *Example.* A teacher's weight is 1, the student's 5, m = .75: it moves to .75 · 1 + .25 · 5 = 2, and with the same
# student again to 2.75.
#
# *Where it comes from.* MoCo (He et al. 2019, arXiv:1911.05722) has such a momentum encoder so that the keys in its
# queue, made at different steps, stay comparable. It is not there against collapse: MoCo has negatives, other images
# that must be told apart. BYOL (Grill et al. 2020, arXiv:2006.07733) has a momentum teacher without negatives, as DINO.
#
# The library's `update_teacher` and PyTorch's averaged models may not be used.

# %% exercise="ema" forbids="detrlab.dino.teacher.update_teacher, detrlab.dino.teacher.DINO.after_update, detrlab.dino.teacher.DINO.__init__, torch.optim.swa_utils.AveragedModel, torch.optim.swa_utils.get_ema_multi_avg_fn, torch.optim.swa_utils.get_ema_avg_fn"
def follow(teacher, student, momentum):
    """Moves the teacher's parameters towards the student's, in place: m of its own stays. Returns nothing."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for own, new in zip(teacher.parameters(), student.parameters()):
            own.mul_(momentum).add_((1 - momentum) * new)
    ### END SOLUTION


def teacher_of(student):
    """The teacher at the start: a module of its own, equal to the student, without gradients."""
    ### BEGIN SOLUTION
    teacher = copy.deepcopy(student)
    return teacher.requires_grad_(False)
    ### END SOLUTION

# %% check="ema" points=3
@check(parts={"1. follow": 2, "2. teacher_of": 1})
def ema(draw):
    a, b, c = draw.sizes(3, 3, 11)
    momenta = [draw.number(0.6, 0.8), draw.number(0.85, 0.95)]
    x = draw.normal(5, a)

    def made():
        net = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.GELU(), nn.Linear(b, c))
        return nn.Sequential(net[:2], net[2:])

    def values(tensors):
        return {name: tensor.detach().clone() for name, tensor in tensors}

    def followed():
        both = draw.fill(nn.ModuleDict({"teacher": made(), "student": made()}), scale=2.0)
        teacher, student = both["teacher"].requires_grad_(False), both["student"]
        said = [follow(teacher, student, m) for m in momenta]
        if any(value is ____ for value in said):
            return ____
        return {"teacher's parameters": values(teacher.named_parameters()),
                "teacher's buffers": values(teacher.named_buffers()),
                "the student": values(student.named_parameters()),
                "do teacher's parameters want a gradient?": any(p.requires_grad for p in teacher.parameters())}

    def copied():
        student = draw.fill(made())
        teacher = teacher_of(student)
        if not isinstance(teacher, nn.Module):
            return teacher
        gradients = {"teacher": any(p.requires_grad for p in teacher.parameters()),
                     "student": all(p.requires_grad for p in student.parameters())}
        at_start = teacher.eval()(x).detach()
        with torch.no_grad():
            for p in [*student.parameters(), *student.buffers()]:
                p.mul_(2) if p.is_floating_point() else p
        return {"says at the start": at_start, "wants gradients": gradients,
                "says after the student has changed": teacher(x).detach(),
                "is it the student itself?": teacher is student}

    return {"1. follow": attempted(followed), "2. teacher_of": attempted(copied)}


# %% [raw] hints="ema"
# 1. `zip(teacher.parameters(), student.parameters())` gives pairs. What changes a tensor itself, and what only makes a new
#    one? And what makes a second module rather than a second name of the first?
# 2. Methods with an underscore at the end work in place: `mul_`, `add_`, `copy_`, `lerp_`. `copy.deepcopy(student)` is a
#    module of its own; `requires_grad_(False)` is for all of its parameters.
# 3. `with torch.no_grad():`, and in the loop `own.mul_(momentum).add_(... * new)`; `return copy.deepcopy(...)....`

# %% [raw] mistake="ema/momentum_exchanged"
# m and 1 − m are exchanged, so the teacher is nearly the student after one step. m of itself stays.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.mul_(1 - momentum).add_(momentum * new)

# %% [raw] mistake="ema/student_copied"
# The student's weights were copied, whatever the momentum is. m of the teacher's own stays.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.copy_(new)

# %% [raw] mistake="ema/not_in_place"
# The teacher did not move. `own = ...` gives a name to a new tensor; change the tensor itself, as with `own.copy_(...)`.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own = momentum * own + (1 - momentum) * new

# %% [raw] mistake="ema/not_shrunk"
# A part of the student was added to the whole of the teacher, which grows so without end. Only m of it stays.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.add_((1 - momentum) * new)

# %% [raw] mistake="ema/student_follows"
# The student moved towards the teacher. It is the teacher that follows.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + new.mul_(momentum).add_((1 - momentum) * own)

# %% [raw] mistake="ema/usual_momentum"
# The momentum is always .996. Use the argument.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.mul_(0.996).add_(0.004 * new)

# %% [raw] mistake="ema/half_way"
# The teacher moves half of the way, whatever the momentum is.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.copy_((own + new) / 2)

# %% [raw] mistake="ema/buffers_too"
# Buffers were averaged, too. Take `parameters()`; in a `state_dict()` are both.
# ---
# - for own, new in zip(teacher.parameters(), student.parameters()):
# -     own.mul_(momentum).add_((1 - momentum) * new)
# + for own, new in zip(teacher.state_dict().values(), student.state_dict().values()):
# +     own.copy_(momentum * own + (1 - momentum) * new)

# %% [raw] mistake="ema/buffers_copied"
# The student's buffers were copied. The teacher's stay: they come from what the teacher sees.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + own.mul_(momentum).add_((1 - momentum) * new)
# + for own, new in zip(teacher.buffers(), student.buffers()):
# +     own.copy_(new)

# %% [raw] mistake="ema/first_layer_only"
# Only the modules directly below were looked at, and the deeper ones left out. `parameters()` gives those of all depths.
# ---
# - for own, new in zip(teacher.parameters(), student.parameters()):
# + for own, new in zip(teacher[0].parameters(), student[0].parameters()):

# %% [raw] mistake="ema/matrices_only"
# Only matrices moved. Biases and the weights of norms are parameters, too.
# ---
# - own.mul_(momentum).add_((1 - momentum) * new)
# + if own.ndim > 1:
# +     own.mul_(momentum).add_((1 - momentum) * new)

# %% [raw] mistake="ema/graph_kept"
# The right numbers, but the teacher's parameters want a gradient now: it hangs on the student's, and on all steps before.
# Move them in `torch.no_grad()`.
# ---
# - with torch.no_grad():
# -     for own, new in zip(teacher.parameters(), student.parameters()):
# -         own.mul_(momentum).add_((1 - momentum) * new)
# + for own, new in zip(teacher.parameters(), student.parameters()):
# +     own.mul_(momentum).add_((1 - momentum) * new)

# %% [raw] mistake="ema/alias"
# This is no copy: `teacher = student` is a second name of one network. It changes with every step, and there is nobody to
# follow. `copy.deepcopy` makes a module of its own.
# ---
# - teacher = copy.deepcopy(student)
# - return teacher.requires_grad_(False)
# + return student

# %% [raw] mistake="ema/alias_frozen"
# This is the student under a second name, and its gradients are switched off now: it can learn no more. Make a copy
# first.
# ---
# - teacher = copy.deepcopy(student)
# + teacher = student

# %% [raw] mistake="ema/shallow_copy"
# The copy is a shallow one: two modules that share their weights. `copy.deepcopy` copies the weights, too.
# ---
# - teacher = copy.deepcopy(student)
# - return teacher.requires_grad_(False)
# + return copy.copy(student)

# %% [raw] mistake="ema/gradients_left"
# The copy's parameters still want gradients. `teacher.requires_grad_(False)`, with the underscore, switches all of them
# off; `teacher.requires_grad = False` only sets an attribute that nobody reads.
# ---
# - return teacher.requires_grad_(False)
# + return teacher

# %% [raw] mistake="ema/both_frozen"
# The student's parameters want no gradients any more. Switch off those of the copy alone.
# ---
# - teacher = copy.deepcopy(student)
# - return teacher.requires_grad_(False)
# + teacher = copy.deepcopy(student.requires_grad_(False))
# + return teacher

# %% [raw] mistake="ema/weights_only"
# These are the weights, a dict. Return a module that has them.
# ---
# - teacher = copy.deepcopy(student)
# - return teacher.requires_grad_(False)
# + return {name: weight.clone() for name, weight in student.state_dict().items()}

# %% [markdown]
# **The result**: a weight of a student that learns something, then something else, with the noise of small batches; and
# teachers that follow it.

# %%
def show_teachers():
    rng = np.random.default_rng(0)
    wanted = np.where(np.arange(400) < 200, 1.0, 0.3)
    path = wanted + 0.35 * rng.standard_normal(400)
    student = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(student.weight)
    teachers = {m: teacher_of(student) for m in (0.9, 0.99, 0.996)}
    lines = {m: [] for m in teachers}
    for value in path:
        nn.init.constant_(student.weight, value)
        for m, teacher in teachers.items():
            follow(teacher, student, m)
            lines[m].append(teacher.weight.item())
    figure, ((ax,),) = clear_subplots(1, 1, (8, 3.2))
    ax.plot(path, ".", color=GREY, markersize=3, alpha=0.5, label="student")
    for (m, line), colour in zip(lines.items(), ("#e8710a", "#4c8bf5", "#12a594")):
        ax.plot(line, color=colour, label=f"teacher, m = {m}")
    ax.set(xlabel="step", ylabel="a weight", title="The higher the momentum, the calmer and the later")
    ax.legend(frameon=False, labelcolor=GREY, fontsize=8.5, ncols=4, loc="upper right")
    ax.set_ylim(-1.2, 2.4)
    for m, line in lines.items():
        print(f"m = {m}: a half of the old is gone after {math.log(0.5) / math.log(m):.0f} steps; "
              f"at step 399 the teacher is at {line[-1]:.2f}")
    return figure


attempt(show_teachers, after="ema")
