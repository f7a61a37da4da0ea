# %% style="divided by the norm, einsum"
def classifier(prompts):
    rows = []
    for features in prompts:
        mean = features.sum(0) / features.shape[0]
        rows.append(mean / mean.norm())
    return torch.stack(rows)


def classify(images, classes, scale):
    logits = scale * torch.einsum("ne,ke->nk", images, classes)
    return logits.argmax(dim=1), torch.softmax(logits, dim=1)


# %% style="sums are as good as means, exponentials by hand"
def classifier(prompts):
    sums = torch.cat([features.sum(dim=0, keepdim=True) for features in prompts])
    return F.normalize(sums, p=2, dim=1)


def classify(images, classes, scale):
    powers = (scale * (images @ classes.T - 1)).exp()
    probabilities = powers / powers.sum(1, keepdim=True)
    return probabilities.max(1).indices, probabilities


# %% style="loops"
def classifier(prompts):
    K, width = len(prompts), prompts[0].shape[1]
    made = torch.empty(K, width)
    for k in range(K):
        mean = prompts[k].mean(dim=0)
        made[k] = mean / mean.square().sum().sqrt()
    return made


def classify(images, classes, scale):
    labels, rows = [], []
    for image in images:
        row = torch.softmax(scale * (classes @ image), dim=0)
        rows.append(row)
        labels.append(int(row.argmax()))
    return torch.tensor(labels), torch.stack(rows)
