# The class of the official DETR demo, in each exercise that asks for some of its lines: same calls, arguments, order.

# %% exercise="stages"
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.relu(x)
    x = backbone.maxpool(x)

    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x


# %% exercise="projection"
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim, 1)


# %% exercise="transformer_sizes"
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)


# %% exercise="class_layer"
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(hidden_dim, num_classes + 1)


# %% exercise="box_layer"
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).sigmoid()


# %% exercise="tables"
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
    return row_embed, col_embed


# %% exercise="positions"
def position_map(row_embed, col_embed, H, W):
    return torch.cat([
        col_embed[:W].unsqueeze(0).repeat(H, 1, 1),
        row_embed[:H].unsqueeze(1).repeat(1, W, 1),
    ], dim=-1).flatten(0, 1).unsqueeze(1)


# %% exercise="sequence"
def encode_decode(transformer, h, pos, query_pos):
    return transformer(pos + 0.1 * h.flatten(2).permute(2, 0, 1),
                       query_pos.unsqueeze(1)).transpose(0, 1)


# %% exercise="short_detr"
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()

        self.backbone = backbone
        self.conv = nn.Conv2d(channels, hidden_dim, 1)
        self.transformer = nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)

        self.linear_class = nn.Linear(hidden_dim, num_classes + 1)
        self.linear_bbox = nn.Linear(hidden_dim, 4)

        self.query_pos = nn.Parameter(torch.rand(num_queries, hidden_dim))

        self.row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
        self.col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))

    def forward(self, inputs):
        x = self.backbone.conv1(inputs)
        x = self.backbone.bn1(x)
        x = self.backbone.relu(x)
        x = self.backbone.maxpool(x)

        x = self.backbone.layer1(x)
        x = self.backbone.layer2(x)
        x = self.backbone.layer3(x)
        x = self.backbone.layer4(x)

        h = self.conv(x)

        H, W = h.shape[-2:]
        pos = torch.cat([
            self.col_embed[:W].unsqueeze(0).repeat(H, 1, 1),
            self.row_embed[:H].unsqueeze(1).repeat(1, W, 1),
        ], dim=-1).flatten(0, 1).unsqueeze(1)

        h = self.transformer(pos + 0.1 * h.flatten(2).permute(2, 0, 1),
                             self.query_pos.unsqueeze(1)).transpose(0, 1)

        return {'pred_logits': self.linear_class(h),
                'pred_boxes': self.linear_bbox(h).sigmoid()}
