# %% style="widths in pairs, a loop over all but the last"
class BoxMLP(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        super().__init__()
        hidden = [hidden_dim] * (num_layers - 1)
        self.layers = nn.ModuleList(nn.Linear(n, m) for n, m in zip([input_dim, *hidden], [*hidden, output_dim]))

    def forward(self, x):
        *inner, last = self.layers
        for layer in inner:
            x = F.relu(layer(x))
        return last(x)


def predict_boxes(head, objects):
    return torch.sigmoid(head(objects))


# %% style="the authors' own way, with an index in forward"
class BoxMLP(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        super().__init__()
        self.num_layers = num_layers
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            n = input_dim if i == 0 else hidden_dim
            self.layers.append(nn.Linear(n, output_dim if i == num_layers - 1 else hidden_dim))

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = F.relu(layer(x)) if i < self.num_layers - 1 else layer(x)
        return x


def predict_boxes(head, objects):
    return F.sigmoid(head(objects))


# %% style="a Sequential of linear layers only, with matrix products"
class BoxMLP(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, num_layers):
        nn.Module.__init__(self)
        self.layers = nn.Sequential(nn.Linear(input_dim, hidden_dim))
        for _ in range(num_layers - 2):
            self.layers.append(nn.Linear(hidden_dim, hidden_dim))
        self.layers.append(nn.Linear(hidden_dim, output_dim))

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = (x if number == 0 else x.clamp(min=0)) @ layer.weight.T + layer.bias
        return x


def predict_boxes(head, objects):
    logits = head(objects)
    return 1 / (1 + torch.exp(-logits))
