# %% style="layers in a list, heads one layer at a time"
class MyDETR(nn.Module):
    def __init__(self, backbone, position, transformer, num_classes, num_queries, aux_loss=False):
        super().__init__()
        self.transformer = transformer
        width = transformer.d_model
        self.class_embed = nn.Linear(width, num_classes + 1)
        self.bbox_embed = MLP(width, width, 4, 3)
        self.query_embed = nn.Embedding(num_queries, width)
        self.input_proj = nn.Conv2d(backbone.num_channels, width, 1)
        self.backbone = nn.Sequential(backbone, position)
        self.aux_loss = aux_loss

    def predict(self, objects):
        return {"pred_logits": self.class_embed(objects), "pred_boxes": torch.sigmoid(self.bbox_embed(objects))}

    def forward(self, images):
        x, mask = pad_and_mask(images)
        x = self.backbone[0](x)
        mask = F.interpolate(mask[None].float(), size=x.shape[-2:])[0].to(torch.bool)
        pos = self.backbone[1](mask)
        hs = self.transformer(self.input_proj(x), mask, self.query_embed.weight, pos)[0]
        *earlier, last = [self.predict(objects) for objects in hs]
        return {**last, "aux_outputs": earlier} if self.aux_loss else last


# %% style="a ModuleList, keywords, heads on all layers, zip"
class MyDETR(nn.Module):
    def __init__(self, backbone, position, transformer, num_classes, num_queries, aux_loss=False):
        super().__init__()
        self.backbone = nn.ModuleList([backbone, position])
        self.transformer, self.aux_loss = transformer, aux_loss
        self.input_proj = nn.Conv2d(backbone.num_channels, transformer.d_model, kernel_size=(1, 1))
        self.query_embed = nn.Embedding(num_queries, transformer.d_model)
        self.class_embed = nn.Linear(transformer.d_model, 1 + num_classes)
        self.bbox_embed = MLP(transformer.d_model, transformer.d_model, 4, num_layers=3)

    def forward(self, images):
        batch, mask = pad_and_mask(images)
        body, position = self.backbone
        features = body(batch)
        H, W = mask.shape[1:]
        h, w = features.shape[2:]
        small = mask[:, torch.arange(h) * H // h][:, :, torch.arange(w) * W // w]
        hs, _ = self.transformer(pos_embed=position(small), query_embed=self.query_embed.weight, mask=small,
                                 src=self.input_proj(features))
        classes, boxes = self.class_embed(hs), self.bbox_embed(hs).sigmoid()
        out = {"pred_logits": classes[-1], "pred_boxes": boxes[-1]}
        if self.aux_loss:
            out["aux_outputs"] = [{"pred_logits": a, "pred_boxes": b} for a, b in zip(classes[:-1], boxes[:-1])]
        return out


# %% style="helpers for each stage, queries by indices, own head of the same names"
class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 4)])

    def forward(self, x):
        first, second, third = self.layers
        return third(second(first(x).relu()).relu()).sigmoid()


class MyDETR(nn.Module):
    def __init__(self, backbone, position, transformer, num_classes, num_queries, aux_loss=False):
        super().__init__()
        D = transformer.d_model
        self.backbone = nn.Sequential()
        self.backbone.append(backbone)
        self.backbone.append(position)
        self.input_proj = nn.Conv2d(backbone.num_channels, D, 1)
        self.transformer = transformer
        self.query_embed = nn.Embedding(num_queries, D)
        self.class_embed = nn.Linear(D, num_classes + 1)
        self.bbox_embed = Head(D)
        self.aux_loss = aux_loss

    def encode(self, images):
        batch, mask = pad_and_mask(images)
        features = self.backbone[0](batch)
        size = features.shape[-2:]
        mask = F.interpolate(mask.unsqueeze(1).float(), size).squeeze(1).bool()
        return self.input_proj(features), mask, self.backbone[1](mask)

    def forward(self, images):
        src, mask, pos = self.encode(images)
        queries = self.query_embed(torch.arange(self.query_embed.num_embeddings))
        hs, _ = self.transformer(src, mask, queries, pos)
        names = ("pred_logits", "pred_boxes")
        outs = [dict(zip(names, (self.class_embed(layer), self.bbox_embed(layer)))) for layer in hs.unbind()]
        return outs[-1] | ({"aux_outputs": outs[:-1]} if self.aux_loss else {})
