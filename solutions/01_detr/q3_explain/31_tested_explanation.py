# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 31 · An explanation, tested · 5 points · 13 min · ●●●●○
# **You will be able to** turn "the model looks there, therefore ..." into a claim that an experiment could
# have refuted.
#
# A map says where weights are large. It does not say that the model would answer differently without those
# cells. So test it: make a claim that can fail, name a rival explanation, change one thing, look at the
# outcome. Three experiments are ready; one is enough for the points, and one of your own is welcome.
#
# **Experiment 1: hide cells from the decoder.** The cells with the most attention of the followed query (10 %
# of the map) are hidden from all queries in all decoder layers. Controls: 10 % of the cells at random, and
# the same pattern of cells moved elsewhere (attended cells lie together; random ones do not). Reported: the
# score of the query's class, and the IoU of its box with the box it gave before.
#
# **Experiment 2: take the positions away**, everywhere, as zeros. Look at score and IoU separately: they need
# not fall together, and what would it tell you if only one of them did?

# %%
@contextmanager
def hidden_from_decoder(model, hidden):
    """While open, no object query can look at the cells that are True in `hidden` (H, W)."""
    def hide(module, args, kwargs):
        return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}

    handles = [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
               for layer in model.transformer.decoder.layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def without_positions(model):
    """While open, the spatial encoding of every cell is zero, in encoder and decoder."""
    handle = model.backbone[1].register_forward_hook(lambda module, args, output: torch.zeros_like(output))
    try:
        yield
    finally:
        handle.remove()


def effect(change):
    """(score of the followed query's class, IoU of its box with the box before) while `change` is open."""
    with change:
        run = observe(model, picture)
    iou = box_iou(here.boxes_xyxy[query][None], run.boxes_xyxy[query][None])
    return run.probabilities[query, label].item(), iou.item()


def mean_effect(changes):
    """Mean score and IoU over several changes."""
    return torch.tensor([effect(change) for change in changes]).mean(0).tolist()


generator = torch.Generator().manual_seed(31)
map_hw = here.maps[query]
count = max(1, round(0.1 * map_hw.numel()))
most = (map_hw.flatten().argsort(descending=True).argsort() < count).reshape(H, W)      # rank below count
at_random = [(torch.randperm(H * W, generator=generator) < count).reshape(H, W) for _ in range(5)]
moved = [most.roll((dy, dx), (0, 1)) for dy, dx in ((H // 2, 0), (0, W // 2), (H // 2, W // 2))]

results = {
    "nothing hidden": (here.probabilities[query, label].item(), 1.0),
    f"the {count} most attended cells hidden": effect(hidden_from_decoder(model, most)),
    f"{count} cells at random hidden (mean of 5)": mean_effect(
        hidden_from_decoder(model, cells) for cells in at_random),
    "the same pattern moved (mean of 3)": mean_effect(hidden_from_decoder(model, cells) for cells in moved),
    "positions set to zero": effect(without_positions(model)),
}
print(f"query {query}, {model.classes[label]}{'':26}score   IoU with the box before")
for name, (score, iou) in results.items():
    print(f"  {name:44}{score:5.2f}  {iou:5.2f}")

# %% [markdown]
# **Experiment 3: an object in two pieces.** A black bar covers the middle of a green square, so that two
# pieces of it remain. Two claims are worth a test. *In the encoder, cells of the left piece look at the right
# piece more than at background equally far away.* *The decoder finds the half-hidden object again: one query
# has mass on both pieces.* A rival for the first claim is that cells look at whatever is **alike**. In the
# second scene the two pieces are two squares of the same colour that do not touch the bar: if the rival is
# right, they look at each other just as much. If a claim does not survive, say so: that is a result.

# %%
def scene_with_bar(one_object):
    """A black bar before the middle of one large square, or between two small ones of the same colour."""
    bar = Shape("square", (0.5, 0.5), 0.42, colour="black", stretch=14)
    if one_object:
        green = [Shape("square", (0.5, 0.5), 0.34, angle=45, colour="green")]
    else:
        green = [Shape("square", (x, 0.5), 0.15, angle=45, colour="green") for x in (0.22, 0.78)]
    return compose([*green, bar], Background("plain", "white", seed=1), size=(256, 256))


def pieces_of(scene, grid):
    """Masks (H, W) of the cells mostly on the left piece, mostly on the right one, and on background only."""
    H, W = grid.cells_hw
    *green, bar = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(scene.masks).float(), (H, W))
    green = sum(green)
    is_left = torch.arange(W).expand(H, W) < W / 2
    return (green > 0.5) & is_left, (green > 0.5) & ~is_left, green + bar < 0.01


def piece_to_piece(weights, left, right, background):
    """Mean weight from the left piece's cells to the right piece, and to background equally far away."""
    H, W = left.shape
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    to_piece, to_background = [], []
    for cell in left.nonzero().tolist():
        row, squared = weights[cell[0], cell[1]], (y - cell[0]) ** 2 + (x - cell[1]) ** 2
        for distance in squared[right].unique():
            ring = squared == distance
            if (ring & background).any():
                to_piece.append(row[ring & right].mean())
                to_background.append(row[ring & background].mean())
    return torch.stack(to_piece).mean().item(), torch.stack(to_background).mean().item()


figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="constrained")
for ax, one_object in zip(axes, (True, False), strict=True):
    scene = scene_with_bar(one_object)
    run, detections = observe(model, scene.picture), detect(model, scene.picture, threshold=0.5)
    left, right, background = pieces_of(scene, run.grid)
    plot_detections(scene.picture, detections, ax=ax)
    print("one square in two pieces" if one_object else "two squares")
    for name, layer in (("first", 0), ("last", -1)):
        piece, elsewhere_mean = piece_to_piece(run.attention.encoder(layer).weights, left, right, background)
        print(f"  encoder, {name} layer: left piece to right piece {piece:.4f}, "
              f"to background at equal distance {elsewhere_mean:.4f}, ratio {piece / elsewhere_mean:.1f}")
    for detection in detections:
        map_hw = run.maps[detection.query]
        print(f"  {detection.name:8} {detection.score:.2f}: mass on the left piece {map_hw[left].sum():.2f}, "
              f"on the right piece {map_hw[right].sum():.2f}")
plt.show()

# %% [markdown]
# **A switchboard, to find a claim of your own.** Each switch below takes away one head of the decoder's
# cross-attention, or one layer of the encoder; the detections follow, beside what they were. Does one head
# carry a detection, or do the others stand in for it? If you use this as your test, note the numbers, and
# switch off as many *other* heads as a control.

# %%
switch_heads(model, picture)

# %% [markdown]
# **Criterion 31a · A claim that can fail (1 point).** 1: names an outcome of an experiment that would refute
# it. 0: no possible outcome would.

# %% [markdown] written="claim" points=1
# Claim: the decoder gets this object from the cells it looks at most. If that is so, hiding the 10 % of cells
# with the most attention of the followed query lowers the score of its class, or the IoU of its box with the
# earlier box, by more than hiding as many cells anywhere else. If the score and the box stay as they are, or
# if random cells do the same harm, the claim is refuted.

# %% [markdown]
# **Criterion 31b · A rival explanation (1 point).** 1: another explanation of the same map or the same
# outcome, and what it would predict. 0: none, or one that predicts the same in every experiment.

# %% [markdown] written="rival" points=1
# Rival: any loss of 10 % of the cells upsets the decoder, because it never saw a picture with a hole; the map
# has nothing to do with it. Then 10 % at random should hurt as much. And since a compact hole may be worse
# than scattered ones, the fair version of the rival is the same pattern of cells moved elsewhere: if the
# rival is right, it hurts as much as the original.

# %% [markdown]
# **Criterion 31c · The test (2 points).** 2: numbers before and after, for the change *and* for a control
# that differs in one thing. 1: numbers without a control, or a control without numbers. 0: no test.

# %% [markdown] written="test" points=2
# Experiment 1, the table above. Before: the score in the first line, IoU 1 by definition. With the most
# attended cells hidden both numbers collapse (second line). With as many cells hidden at random they stay at
# about the first line, and so they do for the same pattern moved (third and fourth line). The change and its
# controls differ in *which* cells are hidden, not in how many or in their arrangement, and only the first
# does the harm.

# %% [markdown]
# **Criterion 31d · The conclusion (1 point).** 1: no stronger than the evidence: says what was shown, for
# what, and what remains open. 0: "proves", "always", or a conclusion about other pictures or models.

# %% [markdown] written="conclusion" points=1
# For this query in this picture the rival is refuted and the claim has survived: the answer depends on those
# cells much more than on as many others. That does not show that the *weights* are the explanation. Hiding
# keys sends the attention to cells the model would never have used, so part of the harm may come from there.
# And the encoder has mixed the cells before: what is hidden is what the memory holds at these places, not
# these pixels. One query in one picture is an example; for a rule I would repeat the table over many scenes.
