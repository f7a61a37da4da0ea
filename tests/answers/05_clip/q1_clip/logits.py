# %% style="F.normalize, and the parts one by one"
def learned_scale(temperature):
    log_scale = torch.ones([]) * np.log(1 / temperature)
    return nn.Parameter(log_scale.float())


def cosine_logits(images, texts, log_scale):
    image_features = F.normalize(images, dim=-1)
    text_features = F.normalize(texts, dim=-1)
    logit_scale = log_scale.exp()
    logits_per_image = logit_scale * image_features @ text_features.t()
    return logits_per_image


# %% style="cosine similarity of all pairs, divided by the temperature"
def learned_scale(temperature):
    return nn.Parameter(torch.full((1,), -math.log(temperature)))


def cosine_logits(images, texts, log_scale):
    temperature = torch.exp(-log_scale)
    return F.cosine_similarity(images[:, None], texts[None], dim=2) / temperature


# %% style="dot products first, then both lengths"
def learned_scale(temperature):
    t = torch.tensor(float(temperature))
    return nn.Parameter((1 / t).log())


def cosine_logits(images, texts, log_scale):
    dots = torch.einsum("be,ne->bn", images, texts)
    lengths = (images**2).sum(-1).sqrt().unsqueeze(1) * (texts**2).sum(-1).sqrt().unsqueeze(0)
    return torch.exp(log_scale) * (dots / lengths)
