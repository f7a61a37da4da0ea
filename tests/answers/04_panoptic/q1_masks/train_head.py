# %% style="a loop, indices with None"
def matched_logits(attention, head, seen, matches, gain):
    logits = []
    for i in range(len(matches)):
        queries = seen.hs[-1][i][matches[i][0]][None]
        maps = attention(queries, seen.memory[i][None], seen.mask[i][None])
        masks = head(seen.src[i][None], maps * gain, [fpn[i][None] for fpn in seen.fpns])
        logits.append(masks.squeeze(1))
    return torch.cat(logits, dim=0)


def mask_ious(logits, masks):
    inside = logits.sigmoid() > 0.5
    both = (inside & masks).flatten(1).sum(1)
    return both / (inside.flatten(1).sum(1) + masks.flatten(1).sum(1) - both)


# %% style="every query a sample of its own"
def matched_logits(attention, head, seen, matches, gain):
    images = torch.cat([torch.full((len(queries),), i) for i, (queries, _) in enumerate(matches)])
    queries = torch.cat([queries for queries, _ in matches])
    maps = attention(seen.hs[-1][images, queries][:, None], seen.memory[images], seen.mask[images])
    return head(seen.src[images], gain * maps, [fpn[images] for fpn in seen.fpns]).squeeze(1)


def mask_ious(logits, masks):
    a, b = (logits > 0).float(), masks.float()
    return torch.minimum(a, b).sum((1, 2)) / torch.maximum(a, b).sum((1, 2))


# %% style="attention for all, head for the matched, loops over masks"
def matched_logits(attention, head, seen, matches, gain):
    maps = gain * attention(seen.hs[-1], seen.memory, seen.mask)
    out = []
    for i, (queries, targets) in enumerate(matches):
        for query in queries.tolist():
            own = maps[i : i + 1, query : query + 1]
            out.append(head(seen.src[i : i + 1], own, [fpn[i : i + 1] for fpn in seen.fpns])[0, 0])
    return torch.stack(out)


def mask_ious(logits, masks):
    ious = []
    for own, truth in zip(logits >= 0, masks):
        ious.append((own & truth).sum().item() / (own | truth).sum().item())
    return torch.tensor(ious)
