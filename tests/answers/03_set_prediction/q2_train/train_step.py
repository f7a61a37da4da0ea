# %% style="the optimiser clears first"
def training_step(model, optimiser, pictures, targets, clip_norm):
    optimiser.zero_grad()
    outputs = model(pictures)
    losses = set_losses(outputs, targets)
    loss = total_loss(losses)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=clip_norm)
    optimiser.step()
    return float(loss.detach())


# %% style="by hand: gradients as a list, one factor"
def training_step(model, optimiser, pictures, targets, clip_norm):
    parameters = [p for p in model.parameters() if p.requires_grad]
    losses = set_losses(model(pictures), targets)
    weights = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}
    loss = sum(weights["_".join(name.split("_")[:2])] * each for name, each in losses.items())
    gradients = torch.autograd.grad(loss, parameters)
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    factor = min(1.0, clip_norm / (norm.item() + 1e-6))
    for p, g in zip(parameters, gradients):
        p.grad = factor * g
    optimiser.step()
    return loss.item()


# %% style="clears at the end"
def training_step(model, optimiser, pictures, targets, clip_norm):
    loss = total_loss(set_losses(model(pictures), targets))
    before = loss.item()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(model.parameters()), clip_norm)
    optimiser.step()
    for parameter in model.parameters():
        parameter.grad = None
    return before
