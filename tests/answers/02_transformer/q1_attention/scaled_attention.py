# %% style="einsum"
def attention(q, k, v):
    d = q.size(-1)
    similarity = torch.einsum("bmqd,bmsd->bmqs", q, k) * d**-0.5
    weights = torch.softmax(similarity, -1)
    return torch.einsum("bmqs,bmsc->bmqc", weights, v), weights


# %% style="exponentials by hand"
def attention(q, k, v):
    scores = torch.matmul(q / q.shape[3] ** 0.5, k.mT)
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp()
    weights = exponentials / exponentials.sum(dim=-1, keepdim=True)
    output = weights.matmul(v)
    return output, weights


# %% style="image by image, head by head, query by query"
def attention(q, k, v):
    outputs, maps = [], []
    for image in range(len(q)):
        for head in range(q.shape[1]):
            rows = [F.softmax(k[image, head] @ query / math.sqrt(len(query)), dim=0) for query in q[image, head]]
            maps.append(torch.stack(rows))
            outputs.append(maps[-1] @ v[image, head])
    B, M = q.shape[:2]
    return torch.stack(outputs).unflatten(0, (B, M)), torch.stack(maps).unflatten(0, (B, M))


# %% style="batched products, a list returned"
def attention(q, k, v):
    B, M, Q, d = q.shape
    scores = torch.bmm(q.flatten(0, 1), k.flatten(0, 1).permute(0, 2, 1)).div(math.sqrt(d))
    weights = nn.Softmax(dim=-1)(scores)
    return [torch.bmm(weights, v.flatten(0, 1)).view(B, M, Q, -1), weights.view(B, M, Q, -1)]
