# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Which class? · 1 point · 5 min · ●○○○○
# **Goal:** say what "no object" is and where it is predicted.
#
# An image has fewer objects than queries. So "no object", ∅ in the paper, is one more class, the last one (section
# 3.2). The head is one linear layer and gives *logits*, numbers of any size. The softmax follows outside the model.
#
# *Example.* A query whose only answers are cat, dog and ∅ gives $(0, 0, 3)$. The softmax makes that
# $(0.045, 0.045, 0.909)$: no object, quite sure.
#
# Return one `nn.Linear`, from (B, Q, hidden_dim) to the logits of K = num_classes classes and ∅.

# %% exercise="class_layer"
def make_class_head(hidden_dim, num_classes):
    """The linear layer from a query's vector to its logits; num_classes is K, without no-object."""
    return nn.Linear(hidden_dim, num_classes + 1)  # ____

# %% check="class_layer" points=1
@check
def class_layer(draw):
    B, Q, num_classes = draw.letters("B Q K", 2, 13)
    hidden_dim = draw.size(17, 29)
    draw.name(D=hidden_dim)
    head = draw.fill(make_class_head(hidden_dim, num_classes))
    objects = draw.normal(B, Q, hidden_dim)

    def result():
        return head(objects)  # students read this line where it raises

    return {"parameters": shapes_of(head), "result": attempted(result)}

# %% [raw] hints="class_layer"
# 1. Count the answers that a query can give.
# 2. nn.Linear takes the width that comes in and the number of answers that goes out.
# 3. nn.Linear(hidden_dim, …); no activation follows.

# %% [raw] mistake="class_layer/no_no_object"
# There are only K answers, so a query without an object must name a class all the same. Make room for one more:
# no-object.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(hidden_dim, num_classes)

# %% [raw] mistake="class_layer/sigmoid"
# A sigmoid was added. The answers of one query exclude each other, so their probabilities come from one softmax over all
# of them, outside the model: return the bare linear layer.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Sigmoid())

# %% [raw] mistake="class_layer/softmax"
# A softmax was added to the head. The loss and `detect` take it themselves, from logits; twice in a row it would make
# all probabilities more alike. Return the bare linear layer.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Softmax(dim=-1))

# %% [raw] mistake="class_layer/softmax_of_k"
# A softmax was added to the head, and there is no answer for no-object. Return a bare linear layer with one more answer
# than there are classes.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Sequential(nn.Linear(hidden_dim, num_classes), nn.Softmax(dim=-1))

# %% [raw] mistake="class_layer/swapped"
# Input and output width are swapped. The layer takes a query's vector of hidden_dim numbers and gives the logits.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(num_classes + 1, hidden_dim)

# %% [raw] mistake="class_layer/one_on_the_input"
# The one for no-object was added to the width that comes in. It is one more answer, so it belongs to what goes out.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(hidden_dim + 1, num_classes)

# %% [raw] mistake="class_layer/fixed_numbers"
# 256 and 92 are the official model's sizes. The function is told which sizes to take: use its arguments.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(256, 92)

# %% [raw] mistake="class_layer/no_bias"
# The bias is missing, and the trained weights have a linear_class.bias to load. It is nn.Linear's default.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(hidden_dim, num_classes + 1, bias=False)

# %% [raw] mistake="class_layer/hidden_layer"
# A hidden layer was added. DETR's class head is one linear layer: the decoder has done the work.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Sequential(
# +     nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, num_classes + 1))

# %% [raw] mistake="class_layer/one_output"
# One number per query cannot tell classes apart. The layer gives one logit for each possible answer.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Linear(hidden_dim, 1)

# %% [raw] mistake="class_layer/convolution"
# A convolution takes axis 1 for the channels, and the vectors (B, Q, D) have them on the last axis: use nn.Linear.
# ---
# - return nn.Linear(hidden_dim, num_classes + 1)
# + return nn.Conv1d(hidden_dim, num_classes + 1, kernel_size=1)
