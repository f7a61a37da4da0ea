# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 13 · Images of different sizes · 3 points · 16 min · ●●○○○
# **You will be able to** put images of different sizes into one batch, without the model taking the padding for image.
#
# DETR keeps the ratio of an image's sides (A.4), so the images of a batch have different sizes, and a tensor has one. The
# batch gets the largest height and the largest width that occur. Each image lies in its upper left corner; the rest is 0.
#
# A second tensor says where the rest is: the **mask** (B, H, W), bool, **True on padding**. That is also what
# `nn.MultiheadAttention` expects of a `key_padding_mask`: True means "not to be looked at". Zeros alone would not tell: a
# normalised image has zeros of its own. The authors' code keeps both in a class `NestedTensor`, which is no tensor (it has no
# `.shape`); here they are two plain tensors.
#
# `pad_images` takes a list of B images (3, H_i, W_i) and returns (batch, mask).
#
# *Example.* A 2 × 3 and a 4 × 1 image: the batch is (2, 3, 4, 3). The first image's mask is True in rows 2 and 3; the second
# one's in columns 1 and 2. No image has the batch's size.

# %% exercise="pad_batch" forbids="detrlab.detr.detr.pad_and_mask, torch.nested.nested_tensor, torch.nested.as_nested_tensor, torch.nested.to_padded_tensor, detrlab.detr.detr.DETR.forward, torch._nested_tensor_from_tensor_list, torch.Tensor.to_padded_tensor, torchvision.models.detection.transform.GeneralizedRCNNTransform, torchvision.models.detection.transform.GeneralizedRCNNTransform.batch_images"
def pad_images(images):
    """A batch (B, 3, H, W) padded with zeros, and its mask (B, H, W), True on padding.

    images: a list of tensors (3, H_i, W_i).
    """
    ### BEGIN SOLUTION
    H = max(image.shape[1] for image in images)
    W = max(image.shape[2] for image in images)
    batch = torch.zeros(len(images), 3, H, W)
    mask = torch.ones(len(images), H, W, dtype=torch.bool)
    for i, image in enumerate(images):
        h, w = image.shape[1:]
        batch[i, :, :h, :w] = image
        mask[i, :h, :w] = False
    return batch, mask
    ### END SOLUTION

# %% check="pad_batch" points=3
@check(parts={"1. batch": 1.5, "2. mask": 1.5})
def pad_batch(draw):
    heights, widths = sorted(draw.sizes(3, 3, 11)), sorted(draw.sizes(3, 3, 11))
    # The tallest image is not the widest, and the first is neither.
    sizes = [(heights[1], widths[0]), (heights[2], widths[1]), (heights[0], widths[2])]
    images = [draw.normal(3, h, w) for h, w in sizes]
    for image in images:
        image[:, draw.integer(0, image.shape[1] - 1), 0] = 0  # an image may have zeros of its own
    single = draw.normal(3, *draw.sizes(2, 3, 7))

    return {name: attempted(lambda i=i: {"three images": pad_images(list(images))[i], "one alone": pad_images([single])[i]})
            for i, name in enumerate(("1. batch", "2. mask"))}

# %% [raw] hints="pad_batch"
# 1. Start from a batch of zeros and a mask that is True everywhere. Each image then takes its corner.
# 2. The largest height and the largest width may come from two different images. Image i fills rows 0..h_i − 1 and columns
#    0..w_i − 1 of batch[i]; there the mask becomes False.
# 3. batch = torch.zeros(len(images), 3, H, W), mask = torch.ones(…, dtype=torch.bool); in a loop batch[i, :, :h, :w] = image
#    and mask[i, …, …] = False.

# %% [raw] mistake="pad_batch/true_on_image"
# The mask is True on the image. It says what is *not* to be looked at: True on padding.
# ---
# - mask = torch.ones(len(images), H, W, dtype=torch.bool)
# + mask = torch.zeros(len(images), H, W, dtype=torch.bool)
# - mask[i, :h, :w] = False
# + mask[i, :h, :w] = True

# %% [raw] mistake="pad_batch/nothing_masked"
# The mask is False everywhere, so the attention would take the padding for a part of the image.
# ---
# - mask = torch.ones(len(images), H, W, dtype=torch.bool)
# + mask = torch.zeros(len(images), H, W, dtype=torch.bool)

# %% [raw] mistake="pad_batch/zeros_masked"
# The mask is True wherever the batch is zero. An image may have zeros of its own, as here: take the sizes, not the values.
# ---
# - return batch, mask
# + return batch, (batch == 0).all(1)

# %% [raw] mistake="pad_batch/number_mask"
# The mask holds numbers. A mask of numbers is *added* to the attention's scores; bool says which keys to leave out.
# ---
# - return batch, mask
# + return batch, mask.float()

# %% [raw] mistake="pad_batch/one_on_image"
# The mask holds numbers, and 1 stands on the image. It is bool, and True on padding.
# ---
# - return batch, mask
# + return batch, (~mask).float()

# %% [raw] mistake="pad_batch/mask_of_channels"
# The mask has the axis of the channels. Padding is the same in all three: (B, H, W).
# ---
# - return batch, mask
# + return batch, mask[:, None].expand(-1, 3, -1, -1)

# %% [raw] mistake="pad_batch/mask_sides_swapped"
# Height and width changed places in the mask: the first axis of an image's mask is H.
# ---
# - mask[i, :h, :w] = False
# + mask[i, :w, :h] = False

# %% [raw] mistake="pad_batch/rows_only"
# The mask leaves out the padding at the right: it covers whole rows. An image ends at its width, too.
# ---
# - mask[i, :h, :w] = False
# + mask[i, :h] = False

# %% [raw] mistake="pad_batch/columns_only"
# The mask leaves out the padding at the bottom: it covers whole columns. An image ends at its height, too.
# ---
# - mask[i, :h, :w] = False
# + mask[i, :, :w] = False

# %% [raw] mistake="pad_batch/largest_image"
# The batch has the size of the image with most pixels. The largest height and the largest width may belong to two different
# images, so one of them does not fit.
# ---
# - H = max(image.shape[1] for image in images)
# - W = max(image.shape[2] for image in images)
# + _, H, W = max((image.shape for image in images), key=lambda shape: shape[1] * shape[2])

# %% [raw] mistake="pad_batch/square"
# The batch is a square of the largest side. Height and width have maxima of their own: more padding costs time and memory.
# ---
# - H = max(image.shape[1] for image in images)
# - W = max(image.shape[2] for image in images)
# + H = W = max(max(image.shape[1:]) for image in images)

# %% [raw] mistake="pad_batch/bottom_right"
# The images lie in the lower right corner. They start at row 0 and column 0, so that a box in 0..1 needs no shift.
# ---
# - batch[i, :, :h, :w] = image
# + batch[i, :, H - h :, W - w :] = image
# - mask[i, :h, :w] = False
# + mask[i, H - h :, W - w :] = False

# %% [raw] mistake="pad_batch/centred"
# The images lie in the middle, with padding on all sides. They start at row 0 and column 0.
# ---
# - batch[i, :, :h, :w] = image
# + top, left = (H - h) // 2, (W - w) // 2
# + batch[i, :, top : top + h, left : left + w] = image
# - mask[i, :h, :w] = False
# + mask[i, top : top + h, left : left + w] = False

# %% [raw] mistake="pad_batch/resized"
# The images were resized to the batch's size. That changes the ratio of their sides; padding leaves them as they are.
# ---
# - batch[i, :, :h, :w] = image
# + batch[i] = F.interpolate(image[None], size=(H, W))[0]

# %% [raw] mistake="pad_batch/ones_as_padding"
# The padding is 1 and not 0. The convolutions of the backbone see it, whatever the mask says: the trained weights expect 0.
# ---
# - batch = torch.zeros(len(images), 3, H, W)
# + batch = torch.ones(len(images), 3, H, W)

# %% [raw] mistake="pad_batch/exchanged"
# Mask and batch changed places: return the batch first.
# ---
# - return batch, mask
# + return mask, batch

# %% [markdown]
# **Boxes are in 0..1 of what?** Of the image, or of the padded batch? The positions count the cells of the image only (step 15), so
# the model cannot know how much is padded. Four images are detected alone and beside a larger one; their boxes are compared
# under both readings.

# %%
def padded_or_alone():
    model = load_model("shapes")
    large = to_input(draw_scene(50, (176, 176)).picture, 176, 213)
    print(f"{'image':<8}{'alone':>7}{'padded':>8}   corners differ by up to (pixels), if boxes are in 0..1")
    print(f"{'':<8}{'(detections)':>15}   {'of the image':>20}{'of the batch':>15}")
    for seed in range(4):
        small = to_input(draw_scene(seed).picture, 128, 213)
        batch, mask = pad_images([small, large])
        with torch.no_grad():
            alone, padded = model([small]), model([small, large])
        kept = [out["pred_logits"][0].softmax(-1)[:, :-1].amax(-1) > 0.7 for out in (alone, padded)]

        def corners(out, like):
            boxes = scale_to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0]), tuple(like.shape[:-3:-1]))
            return boxes[kept[0] & kept[1]]

        gaps = [(corners(padded, like) - corners(alone, small)).abs().max() for like in (small, batch)]
        print(f"{seed:<8}{int(kept[0].sum()):>7}{int(kept[1].sum()):>8}   {gaps[0]:>20.1f}{gaps[1]:>15.1f}")
    print(f"\n{mask[0].float().mean():.0%} of an image's place in the batch is padding")


attempt(padded_or_alone, after="pad_batch")

# %% [markdown]
# Of the image: true boxes are divided by its own width and height in training. The rest of the difference comes from the
# backbone, which has no mask: its norms and biases make something of zeros, and at the border a convolution sees it.
