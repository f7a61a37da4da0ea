# %% style="registered by loops, heads as products"
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


# %% style="the steps' own functions"
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        pos = position_map(self.row_embed, self.col_embed, *h.shape[-2:])
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        return {"pred_logits": self.linear_class(objects), "pred_boxes": predict_boxes(self.linear_bbox, objects)}


# %% style="written out line by line"
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super(ShortDETR, self).__init__()
        self.backbone = backbone
        self.conv = nn.Conv2d(channels, hidden_dim, 1)
        self.transformer = nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
        self.linear_class = nn.Linear(hidden_dim, num_classes + 1)
        self.linear_bbox = nn.Linear(hidden_dim, 4)
        self.query_pos = nn.Parameter(torch.rand(num_queries, hidden_dim))
        self.row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
        self.col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))

    def forward(self, pictures):
        net = self.backbone
        x = net.maxpool(net.relu(net.bn1(net.conv1(pictures))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        h = self.conv(x)
        B, D, H, W = h.shape
        pos = torch.cat([
            self.col_embed[:W].unsqueeze(0).repeat(H, 1, 1),
            self.row_embed[:H].unsqueeze(1).repeat(1, W, 1),
        ], dim=-1).flatten(0, 1).unsqueeze(1)
        src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
        tgt = self.query_pos.unsqueeze(1).repeat(1, B, 1)
        h = self.transformer(src, tgt).transpose(0, 1)
        return {"pred_logits": self.linear_class(h), "pred_boxes": self.linear_bbox(h).sigmoid()}


# %% style="methods and a Sequential"
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.row_embed, self.col_embed = (nn.Parameter(torch.rand(50, hidden_dim // 2)) for _ in range(2))
        self.query_pos = nn.Parameter(torch.rand(num_queries, hidden_dim))
        self.linear_class, self.linear_bbox = (nn.Linear(hidden_dim, n) for n in (num_classes + 1, 4))
        self.transformer = nn.Transformer(d_model=hidden_dim, nhead=nheads, num_encoder_layers=num_encoder_layers,
                                          num_decoder_layers=num_decoder_layers)
        self.conv = nn.Conv2d(channels, hidden_dim, kernel_size=1)
        self.backbone = backbone

    def tokens(self, pictures):
        net = self.backbone
        stages = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool,
                               net.layer1, net.layer2, net.layer3, net.layer4)
        return (0.1 * self.conv(stages(pictures))).permute(2, 3, 0, 1)  # (H, W, B, D)

    def positions(self, H, W):
        columns, rows = self.col_embed[:W].expand(H, -1, -1), self.row_embed[:H].unsqueeze(1).expand(-1, W, -1)
        return torch.cat([columns, rows], dim=2).unsqueeze(2)  # (H, W, 1, D)

    def queries(self, B):
        return self.query_pos.unsqueeze(1).expand(-1, B, -1)

    def forward(self, pictures):
        tokens = self.tokens(pictures)
        H, W, B, _ = tokens.shape
        out = self.transformer((tokens + self.positions(H, W)).flatten(0, 1), self.queries(B))
        out = out.transpose(0, 1)
        logits, boxes = self.linear_class(out), torch.sigmoid(self.linear_bbox(out))
        return {"pred_logits": logits, "pred_boxes": boxes}
