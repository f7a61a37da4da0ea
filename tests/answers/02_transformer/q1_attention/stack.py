# %% style="as the official code"
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    output = tgt
    intermediate = []
    for layer in layers:
        output = layer(output, memory, padding, pos, query_pos)
        if return_intermediate:
            intermediate.append(norm(output))
    output = norm(output)
    if return_intermediate:
        intermediate.pop()
        intermediate.append(output)
        return torch.stack(intermediate)
    return output.unsqueeze(0)


# %% style="one norm for all layers at once"
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    raw = torch.empty(0, *tgt.shape)
    for layer in layers:
        tgt = layer(tgt, memory, padding, pos, query_pos)
        raw = torch.cat([raw, tgt[None]])
    hs = norm(raw)
    return hs if return_intermediate else hs[-1:]


# %% style="a generator"
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    def each(x):
        for number in range(len(layers)):
            x = layers[number](x, memory, padding, pos, query_pos)
            yield x

    *_, last = outputs = list(each(tgt))
    if not return_intermediate:
        return norm(last)[None]
    return torch.stack([norm(output) for output in outputs], dim=0)
