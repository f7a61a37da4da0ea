# ruff: noqa: E402, F821
"""Differently written correct answers to notebook 1, from its text alone: the checks must take every one of them."""

# %% exercise="grid"
# Lets max pooling compute the shapes on the meta device; returns a torch.Size, a pair of whole numbers.
def token_grid(height, width, halvings=5):
    picture = torch.empty(1, 1, height, width, device="meta")
    for _ in range(halvings):
        picture = nn.functional.max_pool2d(picture, kernel_size=3, stride=2, padding=1)
    return picture.shape[-2:]


# %% exercise="stages"
# torchvision's IntermediateLayerGetter walks the children up to layer4; the classifier is popped out of its registry.
from torchvision.models._utils import IntermediateLayerGetter


def drop_classifier(resnet):
    resnet._modules.pop("fc")
    return resnet


def backbone_features(backbone, pictures):
    return IntermediateLayerGetter(backbone, return_layers={"layer4": "map"})(pictures)["map"]


# %% exercise="projection"
# A lazy convolution that learns its number of channels from a first map, and is a plain nn.Conv2d from then on.
def make_projection(channels, hidden_dim):
    conv = nn.LazyConv2d(out_channels=hidden_dim, kernel_size=(1, 1))
    conv(torch.zeros(1, channels, 1, 1))
    return conv


# %% exercise="transformer_sizes"
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


# %% exercise="class_layer"
# A lazy linear layer, made real by one vector; it is a plain nn.Linear afterwards.
def make_class_head(hidden_dim, num_classes):
    head = nn.LazyLinear(1 + num_classes)
    head(torch.zeros(hidden_dim))
    return head


# %% exercise="box_layer"
# A subclass of nn.Linear with its number of outputs fixed; einsum for the layer, tanh for the sigmoid.
class FourNumbers(nn.Linear):
    def __init__(self, hidden_dim):
        super().__init__(in_features=hidden_dim, out_features=4, bias=True)


make_box_head = FourNumbers


def predict_boxes(linear_bbox, h):
    z = torch.einsum("bqd,nd->bqn", h, linear_bbox.weight) + linear_bbox.bias
    return (torch.tanh(z / 2) + 1) / 2


# %% exercise="tables"
# Filled in place by an initialiser; both position tables are unbound from one draw.
def make_query_table(num_queries, hidden_dim):
    return nn.init.uniform_(nn.Parameter(torch.empty(num_queries, hidden_dim)))


def make_position_tables(hidden_dim, length=50):
    return tuple(map(nn.Parameter, torch.rand(2, length, hidden_dim // 2).unbind()))


# %% exercise="positions"
# Looks up each token's column and row number, S of each, with F.embedding.
def position_map(row_embed, col_embed, H, W):
    token = torch.arange(H * W)
    halves = [nn.functional.embedding(token % W, col_embed),
              nn.functional.embedding(torch.div(token, W, rounding_mode="floor"), row_embed)]
    return torch.hstack(halves).view(H * W, 1, -1)


# %% exercise="sequence"
# einops for every change of axes, and the transformer's two halves called one after the other, by keyword.
from einops import rearrange, repeat


def encode_decode(transformer, h, pos, query_pos):
    src = torch.add(pos, rearrange(h, "b d y x -> (y x) b d"), alpha=0.1)
    tgt = repeat(query_pos, "q d -> q b d", b=len(h))
    memory = transformer.encoder(src=src)
    return rearrange(transformer.decoder(memory=memory, tgt=tgt), "q b d -> b q d")


# %% exercise="short_detr"
# Registers everything in another order and by loops; convolution and heads as einsum and matrix products.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        nn.Module.__init__(self)
        tables = {"col_embed": (50, hidden_dim // 2), "row_embed": (50, hidden_dim // 2),
                  "query_pos": (num_queries, hidden_dim)}
        for name, shape in tables.items():
            self.register_parameter(name, nn.Parameter(torch.rand(shape)))
        parts = {
            "linear_bbox": nn.Linear(hidden_dim, 4), "linear_class": nn.Linear(hidden_dim, num_classes + 1),
            "transformer": nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers),
            "conv": nn.Conv2d(channels, hidden_dim, 1), "backbone": backbone,
        }
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, pictures):
        x = pictures
        for stage in ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]:
            x = self.backbone.get_submodule(stage)(x)
        B, _, H, W = x.shape
        h = torch.einsum("bchw,dcij->hwbd", x, self.conv.weight) + self.conv.bias
        y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
        pos = torch.cat([self.col_embed[x], self.row_embed[y]], dim=-1)  # (H, W, D)
        src = (pos.unsqueeze(2) + h / 10).flatten(0, 1)
        objects = self.transformer(src, torch.stack([self.query_pos] * B, dim=1)).transpose(0, 1)
        boxes = torch.special.expit(objects @ self.linear_bbox.weight.T + self.linear_bbox.bias)
        return dict(pred_boxes=boxes, pred_logits=objects @ self.linear_class.weight.T + self.linear_class.bias)


# %% exercise="output_sizes"
# Reads the shapes off tensors that layers and products give on the meta device.
def output_shapes(B, S, Q, K):
    with torch.device("meta"):
        tokens, queries = torch.empty(B, S, 8), torch.empty(B, Q, 8)
        logits = nn.Linear(8, K + 1)(queries).size()
        boxes = nn.Linear(8, 4)(queries).size()
        encoder_map = torch.bmm(tokens, tokens.mT).size()
        decoder_map = torch.einsum("bqd,bsd->bqs", queries, tokens).size()
    return {"decoder_map": decoder_map, "encoder_map": encoder_map, "boxes": boxes, "logits": logits}
