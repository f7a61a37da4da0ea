# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Where the mask shows · 2 points · 10 min · ●●○○○
# **You will be able to** say which images of a batch a missing mask would change.
#
# A forgotten mask is a quiet error: no shape is wrong. **Predict first**: three batches go through the encoder of the
# shapes model, once with the mask and once without. In how many images do the outputs of the image's own cells change?
# Sizes are height × width; each batch is padded to its largest height and its largest width.
#
# - `equal`: 128 × 192 and 128 × 192;
# - `one_narrow`: 128 × 192 and 128 × 128: one, the narrow image;
# - `crossed`: 128 × 192 and 192 × 128.
#
# Your prediction for the first and the last is graded for being there (1 point), not for being right; the result is
# printed beside it below.
#
# **Then write the measurement** (1 point). `change_without_mask(encode, src, padding)` asks `encode(src, padding)`,
# once with the mask and once with one that hides nothing, and returns for each image the largest absolute difference
# *in its own cells*: what comes out at padding is never used, so it does not count.
#
# *Example.* One image, three tokens of one channel, the last one padding. With the mask `encode` gives 1, 2, 3, without
# it 1, 2.5, 9. The change is 0.5.

# %% exercise="padding_shows"
# Prediction: how many of the two images change when the mask is left out?
images_changed_in_equal = 0  # ____
images_changed_in_crossed = 2  # ____


def change_without_mask(encode, src, padding):
    """B numbers: the largest absolute difference, in each image's own cells, that leaving out the mask makes.

    encode: function of src (B, S, D) and a padding mask (B, S) that gives (B, S, D), for any number B of images.
    padding: True on padding.
    """
    ### BEGIN SOLUTION
    nothing = torch.zeros_like(padding)
    change = (encode(src, padding) - encode(src, nothing)).abs().amax(2)  # (B, S)
    return (change * ~padding).amax(1).tolist()
    ### END SOLUTION

# %% check="padding_shows" points=2
@check(parts={"1. prediction": 1, "2. measurement": 1})
def padding_shows(draw):
    B, S, D = draw.letters("B S D", 5, 13)
    padding = torch.zeros(B, S, dtype=torch.bool)
    layer = draw.fill(TransformerEncoderLayer(D, 1, 2 * D, 0.0)).eval()
    src = draw.normal(B, S, D).clamp(-3, 3)
    for i in range(1, B):
        order = draw.permutation(S)
        padding[i, order[: draw.integer(2, S - 3)]] = True
        # What the mask changes besides stands in src itself: so each image's largest change lies where we know.
        src[i, order[-1], draw.integer(0, D - 1)] = (-1) ** i * draw.number(6, 8)
        src[i, order[0]] = draw.number(10, 12) if i % 4 < 2 else draw.number(0, 1)

    def encode(src, padding):
        extra = src * (src.abs() > 5)
        with torch.no_grad():
            return (layer(src - extra, padding, torch.zeros_like(src)) + extra * padding.any(1)[:, None, None]) / 20

    def measured():
        changes = change_without_mask(encode, src.clone(), padding.clone())
        return [float(change) for change in changes] if len(changes) == B else f"{len(changes)} numbers"

    names = ("images_changed_in_equal", "images_changed_in_crossed")
    return {"1. prediction": attempted(lambda: {name: prediction(name, 2, draw.integer(1, 10**6)) for name in names}),
            "2. measurement": attempted(measured)}


# %% [raw] hints="padding_shows"
# 1. A mask that hides nothing changes nothing. So which images have cells that are padding? In a batch padded to the
#    largest height and the largest width, that may be all of them.
# 2. `torch.zeros_like(padding)` is a mask that hides nothing. `.abs()` of the difference, its largest over the
#    channels, then 0 where there is padding (multiply by `~padding`), then the largest over the tokens.
# 3. `change = (encode(src, padding) - encode(src, nothing)).abs().amax(2)`, then `(change * ...).amax(1)`.

# %% [raw] mistake="padding_shows/padding_counted"
# The outputs at padding were counted, too. Nobody looks at them afterwards, so only the image's own cells count: those
# where `padding` is False.
# ---
# - return (change * ~padding).amax(1).tolist()
# + return change.amax(1).tolist()

# %% [raw] mistake="padding_shows/padding_only"
# Only the outputs at padding were compared. The image's own cells are those where `padding` is False.
# ---
# - return (change * ~padding).amax(1).tolist()
# + return (change * padding).amax(1).tolist()

# %% [raw] mistake="padding_shows/mean"
# This is a mean over the cells. A few that change much can hide in it: the task asks for the largest difference.
# ---
# - return (change * ~padding).amax(1).tolist()
# + return (change * ~padding).mean(1).tolist()

# %% [raw] mistake="padding_shows/mean_over_channels"
# The mean was taken over the channels. The task asks for the largest difference, over channels and cells.
# ---
# - change = (encode(src, padding) - encode(src, nothing)).abs().amax(2)  # (B, S)
# + change = (encode(src, padding) - encode(src, nothing)).abs().mean(2)

# %% [raw] mistake="padding_shows/signed"
# The differences have kept their signs, so what became smaller does not count. Take the absolute value first.
# ---
# - change = (encode(src, padding) - encode(src, nothing)).abs().amax(2)  # (B, S)
# + change = (encode(src, padding) - encode(src, nothing)).amax(2)

# %% [raw] mistake="padding_shows/inverted"
# The second run's mask hides the image and shows the padding. Left out means that nothing is hidden: False everywhere.
# ---
# - nothing = torch.zeros_like(padding)
# + nothing = ~padding

# %% [raw] mistake="padding_shows/everything_hidden"
# The second run's mask is True everywhere, which hides all cells: the softmax of nothing but −∞ is NaN. False hides
# nothing.
# ---
# - nothing = torch.zeros_like(padding)
# + nothing = torch.ones_like(padding)

# %% [raw] mistake="padding_shows/one_number"
# This is one number for the whole batch, so an image without padding cannot be told from the others. Return one number
# for each image.
# ---
# - return (change * ~padding).amax(1).tolist()
# + return [(change * ~padding).max().item()] * len(padding)

# %% [raw] mistake="padding_shows/per_token"
# This is one number for each place, over all images. Return one number for each image: the largest over its cells.
# ---
# - return (change * ~padding).amax(1).tolist()
# + return (change * ~padding).amax(0).tolist()

# %% [raw] mistake="padding_shows/no_number_equal"
# `images_changed_in_equal` is no number. Write how many images change, from 0 to 2, without quotes; True and False do not
# say how many.
# ---
# - images_changed_in_equal = 0
# + images_changed_in_equal = "none"

# %% [raw] mistake="padding_shows/no_number_crossed"
# `images_changed_in_crossed` is no number. Write how many images change, from 0 to 2, without quotes; True and False do
# not say how many.
# ---
# - images_changed_in_crossed = 2
# + images_changed_in_crossed = "both"

# %% [raw] mistake="padding_shows/more_than_two_equal"
# `images_changed_in_equal` is out of its range. Each batch has two images, so the number is from 0 to 2.
# ---
# - images_changed_in_equal = 0
# + images_changed_in_equal = 3

# %% [raw] mistake="padding_shows/more_than_two_crossed"
# `images_changed_in_crossed` is out of its range. Each batch has two images, so the number is from 0 to 2.
# ---
# - images_changed_in_crossed = 2
# + images_changed_in_crossed = 4

# %% [markdown]
# **The result.** A change below 0.001 counts as none.

# %%
def show_padding():
    model = load_model("shapes")
    batches = (("equal", ((128, 192), (128, 192)), images_changed_in_equal),
               ("one_narrow", ((128, 192), (128, 128)), ""),
               ("crossed", ((128, 192), (192, 128)), images_changed_in_crossed))
    print("batch         change of each image     changed   predicted")
    for name, sizes, guess in batches:
        scenes = [draw_scene(40 + i, size) for i, size in enumerate(sizes)]
        images = [to_input(scene.picture, min(size), max(size)) for scene, size in zip(scenes, sizes)]
        pictures, mask = pad_and_mask(images)
        with torch.no_grad():
            src = model.input_proj(model.backbone[0](pictures))  # (B, D, H, W)
            mask = F.interpolate(mask[:, None].float(), size=src.shape[-2:])[:, 0].bool()  # (B, H, W)
            src, pos = (x.flatten(2).transpose(1, 2) for x in (src, model.backbone[1](mask)))  # (B, S, D)
            encode = lambda src, padding: model.transformer.encoder(src, padding, pos)
            changes = change_without_mask(encode, src, mask.flatten(1))
        row = "  ".join(f"{change:.3f}" for change in changes)
        print(f"{name:14}{row:25}{sum(change > 0.001 for change in changes):7}{guess:12}")


attempt(show_padding, after="padding_shows")

# %% [markdown]
# Images of one size need no mask: a test with one image, or with equal ones, does not notice a missing mask. Where the
# largest height and the largest width come from different images, every image is padded.
