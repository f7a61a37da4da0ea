# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # A. The parts
#
# ### Step 11 · The box head · 2 points · 10 min · ●●○○○
# **You will be able to** write DETR's box head, so that the authors' weights fit it.
#
# The short DETR has one linear layer for boxes. The full one has three, with ReLU between them (section 3.2, "Prediction
# feed-forward networks"). Its weights are called `bbox_embed.layers.0.weight`, `bbox_embed.layers.0.bias`, ...,
# `bbox_embed.layers.2.bias`.
#
# - `BoxMLP` is the head: `num_layers` linear layers in a list `self.layers`, ReLU between them, nothing behind the last.
#   The widths go from `input_dim` over `hidden_dim` (as often as needed) to `output_dim`.
# - `predict_boxes` makes boxes of what the head gives. The sigmoid belongs here and not into the head: the authors' code
#   has it outside, too.
#
# *Example.* `BoxMLP(5, 7, 4, num_layers=3)` has the widths 5 → 7 → 7 → 4. If its last layer gives (0, 2, −2, 0) for a query,
# the box is (0.5, 0.88, 0.12, 0.5), since sigmoid(2) = 0.88. A ReLU behind the last layer would turn −2 into 0, and no
# number of a box could be below 0.5.

# %% exercise="box_mlp" forbids="detrlab.detr.detr.MLP, torchvision.ops.MLP, torchvision.ops.misc.MLP, detrlab.detr.detr.MLP.forward"
class BoxMLP(nn.Module):
    """Linear layers with ReLU between them: (..., input_dim) -> (..., output_dim)."""

    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        ### BEGIN SOLUTION
        super().__init__()
        widths = [input_dim] + [hidden_dim] * (num_layers - 1) + [output_dim]
        self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)
        ### END SOLUTION


def predict_boxes(head, objects):
    """Boxes (..., 4), cxcywh in 0..1, of the decoder's outputs (..., D)."""
    ### BEGIN SOLUTION
    return head(objects).sigmoid()
    ### END SOLUTION

# %% check="box_mlp" points=2
@check(parts={"1. head": 1, "2. boxes": 1})
def box_mlp(draw):
    B, Q, D, hidden, out = draw.letters("B Q D hidden out", 2, 13)
    x = draw.normal(B, Q, D)
    inner = draw.fill(nn.Linear(D, 4), scale=2.0)

    def head(num_layers):
        mine = BoxMLP.__new__(BoxMLP)
        nothing = mine.__init__(D, hidden, out, num_layers)
        if nothing is not None:
            return nothing  # the blank
        draw.fill(mine, scale=3.0)
        given = x.clone().requires_grad_()
        output = mine(given)
        return {"weights": shapes_of(mine), "output": output,
                "gradients reach every weight": lets_gradients_through(output, given, *mine.parameters())}

    def boxes():
        given = x.clone().requires_grad_()
        result = predict_boxes(inner, given)
        return {"boxes": result, "gradients reach objects": lets_gradients_through(result, given),
                "gradients reach the head": lets_gradients_through(result, *inner.parameters())}

    return {"1. head": attempted(lambda: {f"{count} layers": head(count) for count in (4, 2)}), "2. boxes": attempted(boxes)}

# %% [raw] hints="box_mlp"
# 1. A chain of widths has one entry more than there are layers. Layers that a model is to know stand in an nn.ModuleList.
# 2. List the widths first: the input, the hidden one num_layers − 1 times, the output. Each layer leads from one width to the
#    next. In forward, treat the last layer apart from the others.
# 3. nn.ModuleList([nn.Linear(widths[i], …) for i in range(num_layers)]); x = layer(x).relu() for all but the last;
#    predict_boxes is head(objects) and one more function.

# %% [raw] mistake="box_mlp/relu_after_last"
# There is a ReLU behind the last layer as well. Then no output is negative, and after the sigmoid no number of a box is below
# 0.5. ReLU stands between layers only.
# ---
# - return self.layers[-1](x)
# + return self.layers[-1](x).relu()

# %% [raw] mistake="box_mlp/sigmoid_inside"
# The head ends in a sigmoid. It belongs into predict_boxes: with one inside and one outside, every number of a box would lie
# between 0.5 and 0.73.
# ---
# - return self.layers[-1](x)
# + return self.layers[-1](x).sigmoid()

# %% [raw] mistake="box_mlp/no_relu"
# No ReLU stands between the layers. Linear layers in a row are one linear layer: the depth gains nothing.
# ---
# - x = layer(x).relu()
# + x = layer(x)

# %% [raw] mistake="box_mlp/gelu"
# There is a GELU between the layers. DETR uses ReLU; with other activations the trained weights give other boxes.
# ---
# - x = layer(x).relu()
# + x = F.gelu(layer(x))

# %% [raw] mistake="box_mlp/sequential"
# ReLUs stand in self.layers as modules of their own, so the second linear layer is called layers.2 and not layers.1: trained
# weights would not fit. Keep only the linear layers in the list.
# ---
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + modules = [m for i in range(num_layers) for m in (nn.Linear(widths[i], widths[i + 1]), nn.ReLU())]
# + self.layers = nn.Sequential(*modules[:-1])
# - for layer in self.layers[:-1]:
# - x = layer(x).relu()
# - return self.layers[-1](x)
# + return self.layers(x)

# %% [raw] mistake="box_mlp/plain_list"
# self.layers is a plain list. A module does not see layers in a list, so they are neither trained nor loaded: use
# nn.ModuleList.
# ---
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + self.layers = [nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)]

# %% [raw] mistake="box_mlp/other_name"
# The layers are not called self.layers. Weights are loaded by name, and the authors' are called bbox_embed.layers.0.weight and
# so on.
# ---
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + self.linears = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# - for layer in self.layers[:-1]:
# + for layer in self.linears[:-1]:
# - return self.layers[-1](x)
# + return self.linears[-1](x)

# %% [raw] mistake="box_mlp/one_too_many"
# There is one linear layer too many: num_layers counts the last one, too. So the hidden width stands num_layers − 1 times in
# the list of widths.
# ---
# - widths = [input_dim] + [hidden_dim] * (num_layers - 1) + [output_dim]
# + widths = [input_dim] + [hidden_dim] * num_layers + [output_dim]
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers + 1)])

# %% [raw] mistake="box_mlp/always_three"
# The head has three layers whatever is asked for. num_layers says how many.
# ---
# - widths = [input_dim] + [hidden_dim] * (num_layers - 1) + [output_dim]
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + self.layers = nn.ModuleList([nn.Linear(input_dim, hidden_dim), nn.Linear(hidden_dim, hidden_dim),
# +                              nn.Linear(hidden_dim, output_dim)])

# %% [raw] mistake="box_mlp/hidden_width_forgotten"
# The inner layers have the input's width. They are to be hidden_dim wide; in DETR both are 256, so nobody would notice.
# ---
# - widths = [input_dim] + [hidden_dim] * (num_layers - 1) + [output_dim]
# + widths = [input_dim] * num_layers + [output_dim]

# %% [raw] mistake="box_mlp/no_bias"
# The linear layers have no bias. The authors' have one each, and a file of weights with biases would not load.
# ---
# - self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1]) for i in range(num_layers)])
# + self.layers = nn.ModuleList([nn.Linear(widths[i], widths[i + 1], bias=False) for i in range(num_layers)])

# %% [raw] mistake="box_mlp/boxes_without_sigmoid"
# predict_boxes returns what the head gives, so a "box" may lie anywhere. The sigmoid brings all four numbers into 0..1.
# ---
# - return head(objects).sigmoid()
# + return head(objects)

# %% [raw] mistake="box_mlp/head_unused"
# predict_boxes does not call the head: this is the sigmoid of the objects themselves. The head makes four numbers of each
# object first.
# ---
# - return head(objects).sigmoid()
# + return objects.sigmoid()

# %% [raw] mistake="box_mlp/boxes_softmax"
# The four numbers of a box went through a softmax, so they add up to 1. Each is a number of its own: sigmoid.
# ---
# - return head(objects).sigmoid()
# + return head(objects).softmax(-1)

# %% [raw] mistake="box_mlp/boxes_clamped"
# The numbers were cut off at 0 and 1. Where they are cut off the gradient is 0, and the weights expect the sigmoid.
# ---
# - return head(objects).sigmoid()
# + return head(objects).clamp(0, 1)

# %% [raw] mistake="box_mlp/boxes_detached"
# The boxes are detached: in training no gradient would reach the head.
# ---
# - return head(objects).sigmoid()
# + return head(objects).sigmoid().detach()

# %% [markdown]
# The official size, and the example's sigmoid. How many of its numbers sit in the last layer, which the short DETR has alone?

# %%
def show_box_head():
    head = BoxMLP(256, 256, 4, num_layers=3)
    for name, parameter in head.named_parameters():
        print(f"bbox_embed.{name:<16} {tuple(parameter.shape)!s:<12} {parameter.numel():>7,}")
    print(f"together {sum(parameter.numel() for parameter in head.parameters()):,}")
    box = torch.tensor([0.0, 2.0, -2.0, 0.0]).sigmoid()
    print("sigmoid(0, 2, -2, 0) =", [round(number, 2) for number in box.tolist()])


attempt(show_box_head, after="box_mlp")
