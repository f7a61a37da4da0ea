# %% style="a lazy linear layer"
# Made real by one vector; it is a plain nn.Linear afterwards.
def make_class_head(hidden_dim, num_classes):
    head = nn.LazyLinear(1 + num_classes)
    head(torch.zeros(hidden_dim))
    return head


# %% style="positional"
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(hidden_dim, num_classes + 1)


# %% style="keywords"
def make_class_head(hidden_dim, num_classes):
    answers = [*range(num_classes), "no object"]
    return nn.Linear(in_features=hidden_dim, out_features=len(answers), bias=True)


# %% style="a lambda"
make_class_head = lambda hidden_dim, num_classes: nn.Linear(hidden_dim, 1 + num_classes)


# %% style="initialised by hand"
def make_class_head(hidden_dim, num_classes):
    head = nn.Linear(hidden_dim, num_classes + 1)
    nn.init.normal_(head.weight, std=0.01)
    nn.init.constant_(head.bias, 0.0)
    return head
