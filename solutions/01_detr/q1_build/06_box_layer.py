# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Where? · 2 points · 5 min · ●●○○○
# **You will be able to** turn any four numbers into a box inside the picture.
#
# A box is $(c_x, c_y, w, h)$: its centre and its size, as fractions of the picture's width and height, all in 0..1.
# A linear layer can give any number; the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$ squeezes each of the four, by itself,
# into 0..1. The paper's head is a perceptron of three layers (section 3.2, "Prediction feed-forward networks"); the
# short DETR makes do with one.
#
# *Example.* $z = (0, 0, -1.1, -1.1)$ gives about $(0.5, 0.5, 0.25, 0.25)$: a box in the middle of the picture, a quarter of its
# width and a quarter of its height.
#
# Two blanks: the layer (one `nn.Linear`, without the sigmoid), and the use of it, where the sigmoid belongs.
# If stuck: `hint("box_layer")`.

# %% exercise="box_layer"
def make_box_head(hidden_dim):
    """The linear layer from a query's vector to the numbers of its box, before the sigmoid."""
    return nn.Linear(hidden_dim, 4)  # ____


def predict_boxes(linear_bbox, h):
    """Boxes cxcywh in 0..1 of the picture (B, Q, 4).

    linear_bbox: a layer that make_box_head made. h: the queries' vectors (B, Q, D).
    """
    return linear_bbox(h).sigmoid()  # ____

# %% check="box_layer" points=2
@check
def box_layer(draw):
    B, Q, hidden_dim = draw.sizes(3, 3, 13)
    head = draw.fill(nn.Linear(hidden_dim, 4))
    return {"parameters": shapes_of(make_box_head(hidden_dim)),
            "predicted boxes": predict_boxes(head, 0.3 * draw.normal(B, Q, hidden_dim))}


@box_layer.must("every number of a box lies between 0 and 1")
def _(answer):
    return ((answer["predicted boxes"] >= 0) & (answer["predicted boxes"] <= 1)).all()

# %% [raw] hints="box_layer"
# 1. How many numbers say where a box is and how large? And what keeps each of them between 0 and 1?
# 2. The layer is a plain nn.Linear. Apply it to h, then the sigmoid to the result, number by number.
# 3. A tensor has a method for it: (…).sigmoid(), around what linear_bbox gives for h.

# %% [raw] mistake="box_layer/no_sigmoid"
# The sigmoid is missing: the linear layer's numbers can be negative or far above 1, and a box outside 0..1 is outside
# the picture. Squeeze each number into 0..1.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h)

# %% [raw] mistake="box_layer/two_outputs"
# The layer gives two numbers, enough for a point. A box has a centre and a size: four numbers.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 2)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).sigmoid()

# %% [raw] mistake="box_layer/softmax"
# A softmax makes the four numbers of a box share a total of 1, so a box could not be wide, high and far to the right at
# once. They are independent: squeeze each by itself.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).softmax(dim=-1)

# %% [raw] mistake="box_layer/sigmoid_in_the_layer"
# The sigmoid sits inside the layer. Its parameters are then called 0.weight and 0.bias, and trained weights called
# linear_bbox.weight would not load: keep the layer bare and apply the sigmoid where it is used.
# ---
# def make_box_head(hidden_dim):
#     return nn.Sequential(nn.Linear(hidden_dim, 4), nn.Sigmoid())
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h)

# %% [raw] mistake="box_layer/clamped"
# The numbers were cut off at 0 and 1. Beyond the cut the gradient is zero, so a box that is wrong there would never be
# corrected in training; the sigmoid bends instead of cutting.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).clamp(0, 1)
