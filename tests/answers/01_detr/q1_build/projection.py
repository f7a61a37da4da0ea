# %% style="a lazy convolution"
# It learns its number of channels from a first map, and is a plain nn.Conv2d from then on.
def make_projection(channels, hidden_dim):
    conv = nn.LazyConv2d(out_channels=hidden_dim, kernel_size=(1, 1))
    conv(torch.zeros(1, channels, 1, 1))
    return conv


# %% style="positional"
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim, 1)


# %% style="everything by keyword"
def make_projection(channels, hidden_dim):
    return nn.Conv2d(in_channels=channels, out_channels=hidden_dim, kernel_size=(1, 1), stride=(1, 1),
                     padding=(0, 0), dilation=1, groups=1, bias=True)


# %% style="weights of a linear layer"
def make_projection(channels, hidden_dim):
    linear, conv = nn.Linear(channels, hidden_dim), nn.Conv2d(channels, hidden_dim, kernel_size=1, padding="same")
    with torch.no_grad():
        conv.weight.copy_(linear.weight[:, :, None, None])
        conv.bias.copy_(linear.bias)
    return conv


# %% style="a subclass"
class CellByCell(nn.Conv2d):
    def __init__(self, channels, hidden_dim):
        super().__init__(channels, hidden_dim, kernel_size=1)
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)


def make_projection(channels, hidden_dim):
    return CellByCell(channels, hidden_dim)
