# %% style="by formula, factored"
def layer_sizes(D, F):
    attention = 4 * D * (D + 1)
    feed_forward = 2 * D * F + D + F
    norm = D + D
    encoder_layer = attention + feed_forward + norm + norm
    decoder_layer = encoder_layer + attention + norm
    return {"attention": attention, "feed_forward": feed_forward, "norm": norm,
            "encoder_layer": encoder_layer, "decoder_layer": decoder_layer}


def trained_size(model):
    return sum(p.numel() * p.requires_grad for p in model.parameters())


# %% style="counted on the meta device"
def layer_sizes(D, F):
    def count(*modules):
        return sum(p.numel() for module in modules for p in module.parameters())

    with torch.device("meta"):
        attention = count(nn.MultiheadAttention(D, 1))
        feed_forward = count(nn.Linear(D, F), nn.Linear(F, D))
        norm = count(nn.LayerNorm(D))
    return {"attention": attention, "feed_forward": feed_forward, "norm": norm,
            "encoder_layer": attention + feed_forward + 2 * norm,
            "decoder_layer": 2 * attention + feed_forward + 3 * norm}


def trained_size(model):
    total = 0
    for _, parameter in model.named_parameters():
        if parameter.requires_grad:
            total += math.prod(parameter.shape)
    return total


# %% style="tensors and filter"
def linear(n, m):
    return n * m + m


def layer_sizes(D, F):
    sizes = dict(attention=4 * linear(D, D), feed_forward=linear(D, F) + linear(F, D), norm=torch.tensor(2 * D))
    sizes["encoder_layer"] = sizes["attention"] + sizes["feed_forward"] + 2 * sizes["norm"]
    sizes["decoder_layer"] = 2 * sizes["attention"] + sizes["feed_forward"] + 3 * sizes["norm"]
    return sizes


def trained_size(model):
    trained = filter(lambda p: p.requires_grad, model.parameters())
    return torch.tensor([p.numel() for p in trained]).sum()
