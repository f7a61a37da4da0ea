# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Which class? · 2 points · 5 min · ●○○○○
# **You will be able to** say what "no object" is and where it lives.
#
# Q is fixed and larger than the number of objects in a picture. So most queries must be able to answer "there is nothing
# for me here", and this answer, ∅ in the paper, is simply one more class, the last one (section 3.2). The head is a
# single linear layer. It gives *logits*, numbers of any size; the softmax follows later, outside the model, both in the
# loss and in `detect`.
#
# *Example.* With $K = 2$ classes, cat and dog, a query may answer $(0, 0, 3)$. After the softmax that is
# $(0.045, 0.045, 0.909)$: no object, quite sure.
#
# Return one `nn.Linear` that maps (B, Q, hidden_dim) to those logits. If stuck: `hint("class_layer")`.

# %% exercise="class_layer"
def make_class_head(hidden_dim, num_classes):
    """The linear layer from a query's vector to its logits; num_classes is K, without no-object."""
    return nn.Linear(hidden_dim, num_classes + 1)  # ____

# %% check="class_layer" points=2
@check
def class_layer(draw):
    (B, Q, num_classes), hidden_dim = draw.sizes(3, 2, 13), draw.size(17, 29)
    head = draw.fill(make_class_head(hidden_dim, num_classes))
    objects = draw.normal(B, Q, hidden_dim)
    return {"parameters": shapes_of(head), "result": output_of(head, objects)}

# %% [raw] hints="class_layer"
# 1. Count the answers that a query can give. With cat and dog, are there two?
# 2. nn.Linear takes the width that comes in and the number of answers that goes out.
# 3. The second argument is the number of classes and one more; no activation follows.

# %% [raw] mistake="class_layer/no_no_object"
# There are only K answers, so a query without an object has none to give and must name a class. Make room for one
# more: no-object.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Linear(hidden_dim, num_classes)

# %% [raw] mistake="class_layer/sigmoid"
# A sigmoid was added. The answers of one query exclude each other, so their probabilities come from one softmax over all
# of them, and that is taken outside the model: return the bare linear layer.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Sigmoid())

# %% [raw] mistake="class_layer/softmax"
# A softmax was added to the head. The loss and `detect` take it themselves, from logits; twice in a row would flatten
# all probabilities. Return the bare linear layer.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Softmax(dim=-1))

# %% [raw] mistake="class_layer/swapped"
# Input and output width are swapped. The layer takes a query's vector of hidden_dim numbers and gives the logits.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Linear(num_classes + 1, hidden_dim)
