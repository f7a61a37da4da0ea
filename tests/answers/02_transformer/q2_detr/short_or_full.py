# %% style="slices and matrix products, functional_call"
def value_share(attention, content, pos):
    D = content.shape[-1]
    W, b = attention.in_proj_weight[2 * D :], attention.in_proj_bias[-D:]
    with_pos = (content + pos) @ W.T + b
    return float(torch.linalg.norm(with_pos - (content @ W.T + b)) / torch.linalg.norm(with_pos))


def twin_boxes(model, image, query, other):
    table = model.query_embed.weight.detach().clone()
    table[other] = table[query]
    out = torch.func.functional_call(model, {"query_embed.weight": table}, (image.unsqueeze(0),))
    boxes = out["pred_boxes"].detach()[0]
    return boxes[query], boxes[other]


# %% style="the difference by linearity, changed and put back"
def value_share(attention, content, pos):
    W_v, b_v = attention.in_proj_weight.chunk(3)[-1], attention.in_proj_bias.chunk(3)[-1]
    difference = F.linear(pos, W_v)
    whole = F.linear(content, W_v, b_v) + difference
    return (difference.square().sum().sqrt() / whole.square().sum().sqrt()).detach()


@torch.no_grad()
def twin_boxes(model, image, query, other):
    row = model.query_embed.weight[other].clone()
    model.query_embed.weight[other] = model.query_embed.weight[query]
    boxes = model(image[None])["pred_boxes"][0]
    model.query_embed.weight[other] = row
    return [boxes[query], boxes[other]]


# %% style="einsum, state dict of a copy"
def value_share(attention, content, pos):
    W = attention.in_proj_weight.view(3, content.shape[-1], -1)[2]
    b = attention.in_proj_bias.view(3, -1)[2]

    def values(x):
        return torch.einsum("...d,ed->...e", x, W) + b

    return ((values(content + pos) - values(content)).norm() / values(content + pos).norm()).item()


def twin_boxes(model, image, query, other):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state["query_embed.weight"][other] = state["query_embed.weight"][query]
    twin = copy.deepcopy(model)
    twin.load_state_dict(state)
    with torch.inference_mode():
        boxes = twin([image])["pred_boxes"].squeeze(0)
    return tuple(boxes[[query, other]])
