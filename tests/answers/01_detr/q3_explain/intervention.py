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
