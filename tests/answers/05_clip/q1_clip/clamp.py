# %% style="through .data"
def scaled(cosines, log_scale):
    scale = torch.exp(log_scale)
    return scale * cosines


def keep_scale(log_scale):
    log_scale.data.clamp_(0, np.log(100))


# %% style="copied in place"
def scaled(cosines, log_scale):
    scale = math.e**log_scale
    return scale * cosines


@torch.no_grad()
def keep_scale(log_scale):
    log_scale.copy_(torch.clamp(log_scale, min=0.0, max=math.log(100.0)))


# %% style="with an if"
def scaled(cosines, log_scale):
    scale = 1 / torch.exp(-log_scale)
    return scale * cosines


def keep_scale(log_scale):
    t = log_scale.item()
    if t > math.log(100):
        log_scale.data = torch.tensor(math.log(100))
    elif t < 0:
        log_scale.data = torch.zeros_like(log_scale.data)
    return log_scale
