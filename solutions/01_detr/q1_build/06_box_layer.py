# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Where? · 2 points · 5 min · ●●○○○
# **Goal:** turn any four numbers into a box.
#
# A box is $(c_x, c_y, w, h)$: its centre and its size, as fractions of the image's width and height. A linear layer can
# give any number; the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$ maps each of the four into 0..1. The paper's head has
# three layers (section 3.2, "Prediction feed-forward networks"), this one has one.
#
# *Example.* $z = (0, 0, -1.1, -1.1)$ gives about $(0.5, 0.5, 0.25, 0.25)$: a box in the middle, a quarter of the image
# wide and high.
#
# Two blanks: one `nn.Linear` without the sigmoid, and its use with the sigmoid.

# %% exercise="box_layer"
def make_box_head(hidden_dim):
    """The linear layer from a query's vector to the numbers of its box, before the sigmoid."""
    return nn.Linear(hidden_dim, 4)  # ____


def predict_boxes(linear_bbox, h):
    """Boxes cxcywh in 0..1 of the image (B, Q, 4).

    linear_bbox: a layer that make_box_head made. h: the queries' vectors (B, Q, D).
    """
    return linear_bbox(h).sigmoid()  # ____

# %% check="box_layer" points=2
@check(parts={"1. layer": 1, "2. boxes": 1})
def box_layer(draw):
    B, Q, hidden_dim = draw.letters("B Q D", 3, 13)
    head = draw.fill(nn.Linear(hidden_dim, 4))
    boxes = attempted(lambda: predict_boxes(head, 0.3 * draw.normal(B, Q, hidden_dim)))
    return {"1. layer": attempted(lambda: shapes_of(make_box_head(hidden_dim))),
            "2. boxes": with_gradients(boxes)}


@box_layer.must("every number of a box lies between 0 and 1")
def _(answer):
    boxes = answer["2. boxes"]["its values"]
    return ((boxes >= 0) & (boxes <= 1)).all()

# %% [raw] hints="box_layer"
# 1. How many numbers say where a box is and how large? And what keeps each of them between 0 and 1?
# 2. The layer is a plain nn.Linear. Apply it to h, then the sigmoid to the result, number by number.
# 3. Tensors have a method .sigmoid(): call it on what linear_bbox gives for …

# %% [raw] mistake="box_layer/no_sigmoid"
# The sigmoid is missing: the linear layer's numbers can be negative or far above 1, and a box outside 0..1 is outside
# the image. Map each number into 0..1.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h)

# %% [raw] mistake="box_layer/two_outputs"
# The layer gives two numbers, enough for a point. A box has a centre and a size: four numbers.
# ---
# - return nn.Linear(hidden_dim, 4)
# + return nn.Linear(hidden_dim, 2)

# %% [raw] mistake="box_layer/three_layers"
# This is the paper's perceptron of three layers. The short DETR has one linear layer here, and its weights fit only that.
# ---
# - return nn.Linear(hidden_dim, 4)
# + return nn.Sequential(
# +     nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
# +     nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
# +     nn.Linear(hidden_dim, 4))

# %% [raw] mistake="box_layer/no_bias"
# The layer's bias is missing, and the trained weights have a linear_bbox.bias to load. It is nn.Linear's default.
# ---
# - return nn.Linear(hidden_dim, 4)
# + return nn.Linear(hidden_dim, 4, bias=False)

# %% [raw] mistake="box_layer/sigmoid_in_the_layer"
# The layer lies in an nn.Sequential, with a sigmoid perhaps. Its parameters are then called 0.weight and 0.bias, and
# trained weights called linear_bbox.weight would not load: keep the layer bare and apply the sigmoid where it is used.
# ---
# - return nn.Linear(hidden_dim, 4)
# + return nn.Sequential(nn.Linear(hidden_dim, 4), nn.Sigmoid())

# %% [raw] mistake="box_layer/sign_of_exponent"
# These are sigmoids of -z, so large numbers z give boxes near 0. The exponent has a minus: 1 / (1 + exp(-z)).
# ---
# - return linear_bbox(h).sigmoid()
# + return 1 / (1 + linear_bbox(h).exp())

# %% [raw] mistake="box_layer/softmax"
# A softmax makes the four numbers of a box share a total of 1, so a box could not be wide, high and far to the right at
# once. They are independent: map each by itself.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h).softmax(dim=-1)

# %% [raw] mistake="box_layer/clamped"
# The numbers were cut off at 0 and 1. Beyond the cut the gradient is zero, so training would never correct a box that is
# wrong there; the sigmoid has a gradient everywhere.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h).clamp(0, 1)

# %% [raw] mistake="box_layer/relu"
# A relu only cuts off negative numbers, so a box may be larger than the image. The sigmoid maps every number into 0..1.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h).relu()

# %% [raw] mistake="box_layer/tanh"
# tanh gives numbers in -1..1. Boxes are fractions of the image, in 0..1, which the sigmoid gives.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h).tanh()

# %% [raw] mistake="box_layer/sigmoid_on_half"
# Only the centre went through the sigmoid. Width and height are fractions of the image as well: all four numbers need it.
# ---
# - return linear_bbox(h).sigmoid()
# + z = linear_bbox(h)
# + return torch.cat([z[..., :2].sigmoid(), z[..., 2:]], dim=-1)

# %% [raw] mistake="box_layer/sigmoid_before_the_layer"
# The sigmoid was applied to the queries' vectors, before the layer, so the boxes can be any numbers. It belongs around
# what the layer gives.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h.sigmoid())

# %% [raw] mistake="box_layer/detached"
# The boxes are detached from their computation. The values are right, but in training no gradient would reach the layer.
# ---
# - return linear_bbox(h).sigmoid()
# + return linear_bbox(h).sigmoid().detach()
