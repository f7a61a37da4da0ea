# %% style="loop over parameters, nn.Module's own train"
class FrozenWithHead(nn.Module):
    def __init__(self, detr, head):
        super().__init__()
        self.detr, self.head = detr, head
        self.freeze()
        self.train()

    def forward(self, x):
        return self.head(self.detr(x))

    def freeze(self):
        for parameter in self.detr.parameters():
            parameter.requires_grad = False

    def train(self, mode=True):
        nn.Module.train(self, mode)
        self.detr.train(False)
        return self


# %% style="the head's mode alone, names of parameters"
class FrozenWithHead(nn.Module):
    def __init__(self, detr, head):
        super().__init__()
        self.detr, self.head = detr, head
        self.freeze()
        self.train()

    def forward(self, x):
        return self.head(self.detr(x))

    def freeze(self):
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(not name.startswith("detr."))

    def train(self, mode=True):
        self.training = mode
        self.detr.eval()
        self.head.train(mode)
        return self


# %% style="all modules of the detector, freezing returns the model"
class FrozenWithHead(nn.Module):
    def __init__(self, detr, head):
        super().__init__()
        self.detr, self.head = detr, head
        self.freeze()
        self.train()

    def forward(self, x):
        with torch.no_grad():
            seen = self.detr(x)
        return self.head(seen)

    def freeze(self):
        for module in self.detr.modules():
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(False)
        return self

    def train(self, mode=True):
        model = super().train(mode)
        for module in self.detr.modules():
            module.training = False
        return model
