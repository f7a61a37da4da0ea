# %% style="hooks on the decoder's layers"
# They hand the mask on; the control by indices that run round the edges.
def hide_from_decoder(model, hidden):
    def masked(layer, inputs):
        tgt, memory, mask, *rest = inputs
        return (tgt, memory, torch.logical_or(mask, hidden.reshape(1, -1)), *rest)

    return list(map(lambda layer: layer.register_forward_pre_hook(masked), model.transformer.decoder.layers))


def moved_pattern(hidden, dy, dx):
    H, W = hidden.shape
    rows, columns = (torch.arange(H) - dy) % H, (torch.arange(W) - dx) % W
    return hidden[rows[:, None], columns].numpy()


# %% style="hooks on the attention, arguments changed in place"
# The mask is cloned and written into; the control by concatenation.
def hide_from_decoder(model, hidden):
    places = hidden.flatten().nonzero().squeeze(1)

    def look_away(attention, args, kwargs):
        mask = kwargs["key_padding_mask"].clone()
        mask[:, places] = True
        kwargs["key_padding_mask"] = mask
        return args, kwargs

    handles = []
    for layer in model.transformer.decoder.layers:
        handles.append(layer.multihead_attn.register_forward_pre_hook(look_away, with_kwargs=True))
    return handles


def moved_pattern(hidden, dy, dx):
    moved = torch.cat([hidden[-dy:], hidden[:-dy]], dim=0)
    return torch.cat([moved[:, -dx:], moved[:, :-dx]], dim=1)


# %% style="a mask of minus infinity"
# Added to the scores of every query, besides the model's own mask; the control cell by cell.
def hide_from_decoder(model, hidden):
    scores = torch.zeros(hidden.numel()).masked_fill(hidden.flatten(), -math.inf)

    def hide(module, args, kwargs):
        q, k = args
        padding = torch.zeros(k.shape[:2]).masked_fill(kwargs["key_padding_mask"], -math.inf)
        return args, {**kwargs, "key_padding_mask": padding, "attn_mask": scores.expand(q.shape[1], -1)}

    modules = [layer.multihead_attn for layer in model.transformer.decoder.layers]
    return tuple(module.register_forward_pre_hook(hide, with_kwargs=True) for module in modules)


def moved_pattern(hidden, dy, dx):
    H, W = hidden.shape
    moved = torch.zeros_like(hidden)
    for y in range(H):
        for x in range(W):
            moved[(y + dy) % H, (x + dx) % W] = hidden[y, x]
    return moved
