# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · Your DINO · 10 min · ●●○○○
# **You will be able to** read DINO as one loop, train a ViT without labels, and say what it learned and what not.
#
# No points are given here. First your own functions, put together: this is all of DINO. The images are few and the
# views small, so that it takes seconds. Two entropies are watched, in nats: the mean entropy of the teacher's outputs
# (how sure is it of one image?), and the entropy of their mean (does it say different things of different images?). In a
# healthy training the second is well above the first. In the next notebook you let trainings collapse, until the two are
# alike.

# %%
def own_dino(steps=40, batch=32):
    """Trains a ViT by the functions of steps 5 to 9; gives the loss and both entropies of each step."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    views = [View(size=32, area=(0.6, 1.0))] * 2 + [View(size=16, area=(0.25, 0.6))] * 2
    images, _ = unit_images(300, use="training")
    mlp = nn.Sequential(nn.Linear(D, 256), nn.GELU(), nn.Linear(256, 64))
    student = nn.ModuleList([dino_vit(), mlp, last_layer(64, K)])
    teacher = teacher_of(student)
    optimiser = torch.optim.AdamW(student.parameters(), lr=1e-3)
    centre, momentum, told_steps = torch.zeros(K), momenta(1, steps, start=0.9), []

    def says(network, crops):
        vit, mlp, last = network
        return torch.stack([logits_of(mlp, last, vit(crop)) for crop in crops])

    def loss_of(student_logits, teacher_logits, centre):
        return mean_of_pairs(cross_entropies(teacher_says(teacher_logits, centre), student_logits))

    for step in range(steps):
        crops = crops_of(images[torch.from_numpy(rng.choice(len(images), batch, replace=False))], views, rng)
        with torch.no_grad():
            of_teacher = says(teacher, crops[:2])
        p = teacher_says(of_teacher, centre).flatten(0, 1)
        loss, centre = loss_and_centre(loss_of, says(student, crops), of_teacher, centre)
        optimiser.zero_grad()
        loss.backward()
        before_update(student[2], step, frozen_steps=3)
        optimiser.step()
        follow(teacher, student, float(momentum[step]))
        told_steps.append([loss.item(), *(float(entropy) for entropy in output_entropies(p))])
    return np.array(told_steps)


def show_own():
    curves = own_dino()
    figure, ((ax,),) = clear_subplots(1, 1, (8, 3.2))
    names = ("loss", "entropy of one output, mean", "entropy of the mean output")
    for curve, name, colour in zip(curves.T, names, (GREY, "#e8710a", "#4c8bf5")):
        ax.plot(curve, color=colour, label=name)
    ax.axhline(math.log(K), color=GREY, linewidth=0.8, linestyle="--")
    ax.text(0, math.log(K) - 0.25, f"ln {K}", color=GREY, fontsize=8.5)
    ax.set(xlabel="step", ylabel="nats", ylim=(0, 4.6), title="DINO by your own functions")
    ax.legend(frameon=False, labelcolor=GREY, fontsize=8.5, loc="upper right", bbox_to_anchor=(1, 0.9), ncols=3)
    first, last = curves[:10].mean(0), curves[-10:].mean(0)
    print("                               steps 0 to 9   the last 10")
    for name, a, b in zip(names, first, last):
        print(f"{name:30}{a:13.2f}{b:14.2f}")
    return figure


attempt(show_own, after=("dino_loss", "centre", "ema", "schedule", "head"))

# %% [markdown]
# **Now for longer.** The cell below trains the library's DINO, the same loop, for a minute and a half of computing, and
# keeps the teacher's ViT as `my_dino.safetensors` beside this notebook. Where that file is there, nothing is trained:
# move it away to train anew. Colours are not changed in the views. What is the same in all views of an image is what can
# be learned, and in these scenes colour is most of it.

# %%
from detrlab import untrained_dino

SEED = 0  # take one of your own
MINUTES = 1.5


def train():
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    learner = dino_learner(untrained_dino())  # student, teacher, centre; the teacher's momentum starts at .99
    images, _ = unit_images(2000, first=100_000 * SEED, use="training")
    views = [View(size=SIDE, area=(0.6, 1.0))] * 2 + [View(size=SIDE // 2, area=(0.1, 0.4))] * 4
    parameters = [p for p in learner.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)
    start, step, told_at = time.thread_time(), 0, 0.0
    while (progress := (time.thread_time() - start) / (60 * MINUTES)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * min(1, (step + 1) / 20) * (0.5 + 0.5 * math.cos(math.pi * progress))
        crops = crops_of(images[torch.from_numpy(rng.choice(len(images), 32, replace=False))], views, rng)
        losses = learner.losses(learner(crops), [])
        optimiser.zero_grad()
        losses["loss_dino"].backward()
        learner.before_update(progress)  # the prototypes are frozen for the first 5 %
        nn.utils.clip_grad_norm_(parameters, 3.0)
        optimiser.step()
        learner.after_update(progress)  # the teacher follows
        step += 1
        if progress >= told_at:
            numbers = ", ".join(f"{name.removeprefix('loss_')} {value.item():.2f}" for name, value in losses.items())
            print(f"{100 * progress:3.0f} %, step {step}: {numbers}")
            told_at += 0.1
    return learner.teacher.backbone


vit = kept("my_dino.safetensors", train, untrained_dino())

# %% [markdown]
# **What is it worth?** Labels come in only now, to measure. For each of 500 images that no training saw, the 20 nearest of
# 2,000 others are found by the cosine of their features, and vote: which shape, which colour, which ground? Six shapes are
# to be told apart, twelve colours, twelve grounds. The last two rows are about the maps of the class token: how well does
# one of the M heads, the same for all images and chosen on others, mark the object (Jaccard index: intersection over
# union)? And how well does its map of *another* image?
#
# Beside yours stand the ViT that ships with this course (450 steps, 8,000 images), what yours was before its training,
# another start, of seed 1, and no network at all: images shrunk to 16 × 16 pixels.

# %%
def show_worth():
    torch.manual_seed(SEED)
    start = untrained_dino().eval()
    torch.manual_seed(1)
    networks = {"yours": vit, "shipped": load_dino(), "your start": start, "start of seed 1": untrained_dino().eval()}
    columns = {name: measure_dino(network) for name, network in networks.items()} | {"pixels": measure_pixels()}
    rows = {"knn_shape": "shape", "knn_colour": "colour", "knn_ground": "ground",
            "jaccard": "Jaccard, one head", "jaccard_other_picture": "another image's map"}
    print(" " * 20 + "".join(f"{name:>16}" for name in columns))
    for key, name in rows.items():
        print(f"{name:20}" + "".join(f"{found[key]:16.2f}" if key in found else " " * 16 for found in columns.values()))
    return start


untrained = show_worth()

# %% [markdown]
# A share near .5 of 500 images is uncertain by ± .045 (two standard errors), so smaller differences say nothing. Of the
# *shipped* ViT we can say: its neighbours tell the object's colour far better than those of a network that was not
# trained, and far better than plain pixels do. The shape it does not know: its share is chance, 1/6 = .17, within that
# uncertainty. And one head for all images marks the object no better than in the start of seed 1, which was never trained:
# what a training seems to gain over one start, another start has by itself. How about yours? It saw fewer images, for a
# minute and a half.

# %% [markdown]
# **Where does the class token look?** Its attention in the last block, for each of the M heads (rows say: the class token
# looks, the patch is looked at), yours above, the untrained ViT's below. Brightness runs from 0 to the largest weight of
# each map. An untrained ViT has contrasts, too: a map alone proves nothing.

# %%
def show_heads():
    scenes = one_shape_scenes(3, "held_out", first=700)
    figure, axes = clear_subplots(6, M + 1, (8.8, 8))
    for i in range(3):
        image = torch.from_numpy(scenes.pictures[i]).permute(2, 0, 1) / 255
        for below, (name, network) in enumerate({"yours": vit, "untrained": untrained}.items()):
            row = axes[2 * i + below]
            show(row[0], image)
            row[0].set_ylabel(name, fontsize=9)
            maps = cls_attention(network, scenes.inputs()[i : i + 1])[0]  # (M, H, W)
            for head, ax in enumerate(row[1:]):
                ax.imshow(maps[head].numpy(), cmap="inferno", vmin=0)
                ax.set(xticks=(), yticks=())
                if i == below == 0:
                    ax.set_title(f"head {head}", fontsize=9.5)
    return figure


show_heads()

# %% [markdown]
# **What do the patches say?** The outputs of all patches of 6 images, as colours: the three directions in which they
# differ most (PCA) are red, green and blue. Patches of one colour have similar outputs; the colours themselves mean
# nothing.

# %%
def show_colours():
    scenes = one_shape_scenes(6, "held_out", first=700)
    figure, axes = clear_subplots(3, 6, (8.8, 4.7))
    with torch.no_grad():
        tokens = [network.forward_features(scenes.inputs())[:, 1:] for network in (vit, untrained)]
    for name, row, colours in zip(("yours", "untrained"), axes[1:], map(pca_rgb, tokens)):
        for ax, rgb in zip(row, colours):
            ax.imshow(rgb.unflatten(0, (SIDE // P, SIDE // P)).numpy())
            ax.set(xticks=(), yticks=())
        row[0].set_ylabel(name, fontsize=9)
    for ax, pixels in zip(axes[0], scenes.pictures):
        show(ax, torch.from_numpy(pixels).permute(2, 0, 1) / 255)
    axes[0][0].set_ylabel("images", fontsize=9)
    return figure


show_colours()
