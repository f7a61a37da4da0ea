# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### The short DETR, in one class · 3 points · 15 min · ●●●○○
# **Goal:** write DETR down, whole.
#
# Put the parts together. Call the functions you have written, or write their lines out again. The constructor of an
# `nn.Module` begins with `super().__init__()`.
#
# Weights are loaded by name, so these eight attributes are called as in the official short DETR:
#
# | attribute | what it is |
# |---|---|
# | `backbone` | handed over ready-made, without `fc` |
# | `conv` | from the backbone's channels to D |
# | `transformer` | encoder and decoder |
# | `linear_class`, `linear_bbox` | the two heads |
# | `query_pos` | the object queries |
# | `row_embed`, `col_embed` | the positions of rows and of columns |
#
# *Example.* `ShortDETR(num_classes=91, backbone=…)`, the official short DETR, makes logits (1, 100, 92) and boxes (1,
# 100, 4) from one image.
#
# The check runs your functions of the steps above and lists the layers in order: look at the first difference. As in
# step 9, encoder and decoder are called as a whole.

# %% exercise="short_detr"
class ShortDETR(nn.Module):
    """The short DETR.

    num_classes: K, without no-object. channels: of the backbone's last feature map.
    """

    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        ### BEGIN SOLUTION
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)
        ### END SOLUTION

    def forward(self, pictures):
        """From normalised pictures (B, 3, height, width) to a dict of two.

        "pred_logits": raw logits (B, Q, K + 1). "pred_boxes": (B, Q, 4), cxcywh in 0..1.
        """
        ### BEGIN SOLUTION
        features = backbone_features(self.backbone, pictures)  # (B, channels, H, W)
        h = self.conv(features)  # (B, D, H, W)
        pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)  # (B, Q, D)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}
        ### END SOLUTION

# %% check="short_detr" points=3
def as_outputs(out):
    """What forward returned, in words, and {"pred_logits": ..., "pred_boxes": ...}; an exception stands for all of it."""
    names = "pred_logits", "pred_boxes"
    if is_exception(out):
        return out, dict.fromkeys(names, out)
    if isinstance(out, tuple | list) and len(out) == 2:
        return "a pair", dict(zip(names, out, strict=True))
    if not isinstance(out, dict):
        return "nothing" if out is None else type(out).__name__, dict.fromkeys(names, "there is none")
    missing = " and ".join(name for name in names if name not in out)
    returned = f"a dict without {missing}" if missing else "a dict with pred_logits and pred_boxes"
    return returned, {name: attempted(lambda name=name: out.get(name, "there is none")) for name in names}


@check(parts={"1. parts": 1, "2. one image": 1, "3. several images": 1})
def short_detr(draw):
    (B, K), (M, Q) = draw.letters("B K", 2, 3), draw.letters("M Q", 5, 7)
    channels, D, depth = draw.size(11, 19), 2 * M, draw.integer(1, 2)
    draw.name(D=D)
    backbone = TinyResNet(channels)
    del backbone.fc
    model = ShortDETR.__new__(ShortDETR)
    nothing = model.__init__(K, backbone, channels, D, M, depth, 3 - depth, Q)
    if nothing is not None:
        return nothing  # the blank
    names = ["backbone", "conv", "transformer", "linear_class", "linear_bbox", "query_pos", "row_embed", "col_embed"]
    draw.fill(model)
    others = [parameter for name, parameter in model.named_parameters() if name.partition(".")[0] not in names]
    for parameter in others:  # the same numbers, whatever they are called
        parameter.data.copy_(draw.normal(*parameter.shape))
    sizes = sizes_of(model)
    parts = {name: sizes.get(name, "there is none") for name in names}
    parts["others"] = sum(parameter.numel() for parameter in others)
    src, tgt = draw.normal(5, 2, D), draw.normal(7, 2, D)
    parts["the transformer's output"] = attempted(lambda: model.eval().transformer(src, tgt))

    def ask(B):
        objects, pictures = draw.normal(Q, B, D).requires_grad_(), draw.normal(B, 3, *image)
        model.train()
        with (watched(model.transformer, objects) as given,
              layer_outputs(model, *(f"backbone.layer{number}" for number in (1, 2, 3, 4)), "conv") as layers):
            out = attempted(lambda: model(pictures))
        if getattr(out, "is_open", False):
            return out  # the blank
        returned, outputs = as_outputs(out)
        found = {"encoder's input": attempted(lambda: given_to("encoder", given, out)),
                 "decoder's input": attempted(lambda: given_to("decoder", given, out)), **outputs}
        tensors = [*found.values(), *(out.values() if isinstance(out, dict) else ())]  # under whatever names
        sums = [value.sum() for value in tensors if getattr(value, "requires_grad", False)]
        if sums:
            sum(sums).backward()
        reached = {name: all(parameter.grad is not None for part, parameter in model.named_parameters()
                             if part.partition(".")[0] == name) for name in names if name != "transformer"}
        model.zero_grad()
        # Sorted by name when they are stored: what forward returned comes before gradients.
        return {**({"layers": layers} if B == 1 else {}), **found, "forward returned": returned,
                "the decoder sees the encoder's output": sees_encoded(given, out),
                "gets a gradient": out if is_exception(out) else {**reached, "transformer": objects.grad is not None},
                "is still in training mode": model.training}

    image = draw.size(29, 37), draw.size(41, 47)
    return {"1. parts": parts, "2. one image": attempted(lambda: ask(1)),
            "3. several images": attempted(lambda: ask(B))}

# %% [raw] hints="short_detr"
# 1. The constructor makes every part once; forward sends the images through them, step by step.
# 2. make_… belong into the constructor, the other functions into forward. What comes out of one line goes into the next.
#    Where do H and W of the position map come from?
# 3. In the constructor, for instance, self.conv = make_projection(channels, hidden_dim). In forward: features, h, pos,
#    objects, then the dict {"pred_logits": …, "pred_boxes": …}.

# %% [raw] mistake="short_detr/other_names"
# The 1 × 1 convolution is not called conv. Weights are loaded by name: keep the attributes' names of the task.
# ---
# - self.conv = make_projection(channels, hidden_dim)
# + self.input_proj = make_projection(channels, hidden_dim)
# - h = self.conv(features)  # (B, D, H, W)
# + h = self.input_proj(features)

# %% [raw] mistake="short_detr/heads_renamed"
# The two heads are not called linear_class and linear_bbox. Weights are loaded by name: keep the attributes' names of
# the task.
# ---
# - self.linear_class = make_class_head(hidden_dim, num_classes)
# - self.linear_bbox = make_box_head(hidden_dim)
# + self.class_head = make_class_head(hidden_dim, num_classes)
# + self.box_head = make_box_head(hidden_dim)
# - logits = self.linear_class(objects)
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + logits = self.class_head(objects)
# + boxes_cxcywh = predict_boxes(self.box_head, objects)

# %% [raw] mistake="short_detr/class_head_renamed"
# The class head is not called linear_class. Weights are loaded by name: keep the attributes' names of the task.
# ---
# - self.linear_class = make_class_head(hidden_dim, num_classes)
# + self.class_head = make_class_head(hidden_dim, num_classes)
# - logits = self.linear_class(objects)
# + logits = self.class_head(objects)

# %% [raw] mistake="short_detr/box_head_renamed"
# The box head is not called linear_bbox. Weights are loaded by name: keep the attributes' names of the task.
# ---
# - self.linear_bbox = make_box_head(hidden_dim)
# + self.box_head = make_box_head(hidden_dim)
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + boxes_cxcywh = predict_boxes(self.box_head, objects)

# %% [raw] mistake="short_detr/full_names"
# These are the parameter names of the full DETR (class_embed, bbox_embed, query_embed, input_proj). The short one has its
# own, listed in the task, and its weights fit only those.
# ---
# - self.conv = make_projection(channels, hidden_dim)
# + self.input_proj = make_projection(channels, hidden_dim)
# - self.linear_class = make_class_head(hidden_dim, num_classes)
# - self.linear_bbox = make_box_head(hidden_dim)
# - self.query_pos = make_query_table(num_queries, hidden_dim)
# + self.class_embed = make_class_head(hidden_dim, num_classes)
# + self.bbox_embed = make_box_head(hidden_dim)
# + self.query_embed = make_query_table(num_queries, hidden_dim)
# - h = self.conv(features)  # (B, D, H, W)
# + h = self.input_proj(features)
# - objects = encode_decode(self.transformer, h, pos, self.query_pos)  # (B, Q, D)
# - logits = self.linear_class(objects)
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + objects = encode_decode(self.transformer, h, pos, self.query_embed)
# + logits = self.class_embed(objects)
# + boxes_cxcywh = predict_boxes(self.bbox_embed, objects)

# %% [raw] mistake="short_detr/no_object_twice"
# No-object was counted twice: num_classes is K, and make_class_head already adds one.
# ---
# - self.linear_class = make_class_head(hidden_dim, num_classes)
# + self.linear_class = make_class_head(hidden_dim, num_classes + 1)

# %% [raw] mistake="short_detr/fixed_channels"
# conv was made for 2048 channels. The constructor is told how many: channels.
# ---
# - self.conv = make_projection(channels, hidden_dim)
# + self.conv = make_projection(2048, hidden_dim)

# %% [raw] mistake="short_detr/fixed_classes"
# The class head has 91 classes, COCO's number. num_classes says how many there are.
# ---
# - self.linear_class = make_class_head(hidden_dim, num_classes)
# + self.linear_class = make_class_head(hidden_dim, 91)

# %% [raw] mistake="short_detr/depths_exchanged"
# The two depths changed places on their way into the transformer. With 6 and 6 nobody would notice; with other depths the
# weights would not load.
# ---
# - self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
# + self.transformer = make_transformer(num_encoder_layers, num_decoder_layers, nheads, hidden_dim)

# %% [raw] mistake="short_detr/query_table_turned"
# The sizes of the query table changed places. It has one row per query, as wide as a token.
# ---
# - self.query_pos = make_query_table(num_queries, hidden_dim)
# + self.query_pos = make_query_table(hidden_dim, num_queries)

# %% [raw] mistake="short_detr/not_an_attribute"
# query_pos is a local name of the constructor, so it is gone when forward runs. What belongs to the model is assigned to
# `self.`
# ---
# - self.query_pos = make_query_table(num_queries, hidden_dim)
# + query_pos = make_query_table(num_queries, hidden_dim)

# %% [raw] mistake="short_detr/table_names_exchanged"
# Row and column table changed names in the constructor. Nothing breaks as long as forward exchanges them, too, but trained
# weights come by name: make_position_tables returns row_embed first.
# ---
# - pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
# + pos = position_map(self.col_embed, self.row_embed, h.shape[2], h.shape[3])
# - self.row_embed, self.col_embed = make_position_tables(hidden_dim)
# + self.col_embed, self.row_embed = make_position_tables(hidden_dim)

# %% [raw] mistake="short_detr/no_positions"
# The encoder's input has no positions, so the model cannot tell one place from another: call position_map with the two
# tables and the size of the feature map, and give its result to encode_decode.
# ---
# - pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
# + pos = torch.zeros(h.shape[2] * h.shape[3], 1, h.shape[1])

# %% [raw] mistake="short_detr/swapped_sizes"
# The position map was asked for W rows and H columns. There are as many tokens as before, so nothing breaks, but their
# positions are wrong: axis 2 of a feature map is H, axis 3 is W.
# ---
# - pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
# + pos = position_map(self.row_embed, self.col_embed, h.shape[3], h.shape[2])

# %% [raw] mistake="short_detr/picture_size"
# H and W were taken from the images, so there are far more positions than tokens. The position map needs the size of the
# feature map.
# ---
# - pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
# + pos = position_map(self.row_embed, self.col_embed, pictures.shape[2], pictures.shape[3])

# %% [raw] mistake="short_detr/wrong_axes"
# Axes 1 and 2 of the feature map were taken for H and W. The map is (B, D, H, W): rows and columns are the last two.
# ---
# - pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # (S, 1, D)
# + pos = position_map(self.row_embed, self.col_embed, h.shape[1], h.shape[2])

# %% [raw] mistake="short_detr/backbone_called_whole"
# The backbone was called as a whole, to the end of a classifier, where the feature map is gone. Use backbone_features,
# which stops after layer4.
# ---
# - features = backbone_features(self.backbone, pictures)  # (B, channels, H, W)
# + features = self.backbone(pictures)

# %% [raw] mistake="short_detr/backbone_skipped"
# The images went into the 1 × 1 convolution as they are: three channels, where the backbone's map is meant. Give it
# what backbone_features returns.
# ---
# - h = self.conv(features)  # (B, D, H, W)
# + h = self.conv(pictures)

# %% [raw] mistake="short_detr/layer_made_in_forward"
# forward makes a new convolution, with new random weights, at each call, so nothing that was learned or loaded is used.
# Layers are made once, in the constructor; forward calls self.conv.
# ---
# - h = self.conv(features)  # (B, D, H, W)
# + h = make_projection(features.shape[1], self.linear_bbox.in_features)(features)

# %% [raw] mistake="short_detr/one_picture_only"
# The queries have a batch axis of length 1, as in the official demo: the model is right for a single image, and the
# transformer refuses two. Repeat the queries for each image of the batch.
# ---
# - objects = encode_decode(self.transformer, h, pos, self.query_pos)  # (B, Q, D)
# + src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + objects = self.transformer(src, self.query_pos.unsqueeze(1)).transpose(0, 1)

# %% [raw] mistake="short_detr/heads_on_the_map"
# The heads read the feature map h. They are for the objects, the vectors that the decoder gives.
# ---
# - logits = self.linear_class(objects)
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + logits = self.linear_class(h)
# + boxes_cxcywh = predict_boxes(self.linear_bbox, h)

# %% [raw] mistake="short_detr/heads_exchanged"
# The two heads changed places: the logits come from linear_class, the boxes from linear_bbox.
# ---
# - logits = self.linear_class(objects)
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + logits = self.linear_bbox(objects)
# + boxes_cxcywh = predict_boxes(self.linear_class, objects)

# %% [raw] mistake="short_detr/no_sigmoid"
# The boxes are the bare output of linear_bbox, so they can lie anywhere. The sigmoid of step 6 belongs in forward.
# ---
# - boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
# + boxes_cxcywh = self.linear_bbox(objects)

# %% [raw] mistake="short_detr/probabilities"
# The model returns probabilities instead of logits. The loss and `detect` take the softmax themselves; return what
# linear_class gives.
# ---
# - logits = self.linear_class(objects)
# + logits = self.linear_class(objects).softmax(-1)

# %% [raw] mistake="short_detr/pair"
# forward returned a pair. `detect` and the loss look the outputs up by name: return a dict with the keys pred_logits and
# pred_boxes.
# ---
# - return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}
# + return logits, boxes_cxcywh

# %% [raw] mistake="short_detr/other_keys"
# The dict has no key pred_boxes. `detect` and the loss look the outputs up by name: the boxes stand under "pred_boxes".
# ---
# - return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}
# + return {"pred_logits": logits, "boxes": boxes_cxcywh}

# %% [raw] mistake="short_detr/both_keys_differ"
# The dict has neither a key pred_logits nor a key pred_boxes. `detect` and the loss look the outputs up by these names.
# ---
# - return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}
# + return {"logits": logits, "boxes": boxes_cxcywh}

# %% [raw] mistake="short_detr/no_return"
# forward returns nothing: a `return` with the dict of pred_logits and pred_boxes is missing.
# ---
# - return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% [raw] mistake="short_detr/eval_in_forward"
# forward puts the model into evaluation mode. Whoever uses it decides that: training would run without dropout, and
# with the running statistics of the batch norm.
# ---
# - features = backbone_features(self.backbone, pictures)  # (B, channels, H, W)
# + self.eval()
# + features = backbone_features(self.backbone, pictures)

# %% [raw] mistake="short_detr/no_grad"
# forward runs under torch.no_grad(), so no gradient reaches the model and it could never be trained. Whoever detects with
# it switches gradients off.
# ---
# - def forward(self, pictures):
# + @torch.no_grad()
# + def forward(self, pictures):

# %% [markdown]
# The official short DETR: where its parameters lie, and its outputs. It has 41,459,616 parameters; so has your class.

# %%
def count_parameters():
    from torchvision.models import resnet50

    with torch.device("meta"):
        official_size = ShortDETR(num_classes=91, backbone=make_backbone(resnet50)).eval()
        outputs = official_size(torch.empty(1, 3, 800, 1066))
    sizes = Counter(sizes_of(official_size))
    for part, size in sizes.most_common():
        print(f"{part:<14}{size:>12,}{size / sizes.total():>9.2%}")
    print(f"{'together':<14}{sizes.total():>12,}")
    for name, output in outputs.items():
        print(f"{name:<14}{tuple(output.shape)}")


attempt(count_parameters, after="short_detr")
