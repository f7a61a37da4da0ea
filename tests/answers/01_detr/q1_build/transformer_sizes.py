# %% style="deep copies of one layer"
# Starts with one layer each and repeats it by deep copies, as PyTorch does inside.
import copy


def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    transformer = nn.Transformer(d_model=hidden_dim, nhead=nheads, num_encoder_layers=1, num_decoder_layers=1)
    for stack, depth in ((transformer.decoder, num_decoder_layers), (transformer.encoder, num_encoder_layers)):
        stack.layers.extend(copy.deepcopy(stack.layers[0]) for _ in range(depth - 1))
        stack.num_layers = depth
        for parameter in (parameter for parameter in stack.parameters() if parameter.dim() > 1):
            nn.init.xavier_uniform_(parameter)
    return transformer


# %% style="positional"
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)


# %% style="keywords in another order"
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(num_decoder_layers=num_decoder_layers, num_encoder_layers=num_encoder_layers,
                          nhead=nheads, d_model=hidden_dim)


# %% style="defaults written out"
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    sizes = {"d_model": hidden_dim, "nhead": nheads, "num_encoder_layers": num_encoder_layers,
             "num_decoder_layers": num_decoder_layers}
    return nn.Transformer(**sizes, dim_feedforward=2048, dropout=0.1, activation=nn.functional.relu,
                          batch_first=False, norm_first=False, bias=True)


# %% style="a subclass"
class PictureTransformer(nn.Transformer):
    """Four sizes; nothing else can be set."""

    def __init__(self, *sizes):
        super().__init__(*sizes)


def make_transformer(*sizes, **named):
    order = ("hidden_dim", "nheads", "num_encoder_layers", "num_decoder_layers")
    return PictureTransformer(*sizes, *(named[name] for name in order[len(sizes):]))
