# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # B. The whole
#
# ### Step 15 · DETR, in one class · 6 points · 30 min · ●●●●○
# **You will be able to** write the detector of the paper so that the authors' weights load into it.
#
# Backbone, positions and transformer are handed over ready-made. The names of the attributes are those of the official weights:
#
# | attribute | what it is | names of its weights |
# |---|---|---|
# | `backbone` | `nn.Sequential` of backbone and positions: the authors keep both in one | `backbone.0.body. ...`, `backbone.1. ...` |
# | `input_proj` | 1 × 1 convolution from `backbone.num_channels` to D | `input_proj.weight`, `.bias` |
# | `transformer` | encoder and decoder; D is `transformer.d_model` | `transformer. ...` |
# | `query_embed` | `nn.Embedding`, Q rows as wide as D | `query_embed.weight` |
# | `class_embed` | linear, K classes and no-object | `class_embed.weight`, `.bias` |
# | `bbox_embed` | the head of step 11, D → D → D → 4 | `bbox_embed.layers.0.weight`, ... |
#
# `forward` takes a batch (B, 3, H, W) or a list of B images of different sizes:
#
# 1. batch and mask; the feature map (B, C, h, w); the mask at its size, (B, h, w); the 1 × 1 convolution, (B, D, h, w);
# 2. `position(mask)`: the encoding (B, D, h, w), which needs the *small* mask;
# 3. `transformer(src, mask, query_embed, pos_embed)` with queries (Q, D) gives the pair `hs` (L, B, Q, D) and the memory. `hs`
#    holds the outputs of all L decoder layers, the last one last. Call it once, as a whole;
# 4. the same two heads for every layer. The last layer's predictions are the answer, `pred_logits` (B, Q, K + 1) before the
#    softmax and `pred_boxes` (B, Q, 4) after the sigmoid. With `aux_loss=True` the dict has `aux_outputs`, too: a list of
#    such dicts for the L − 1 layers before it, first layer first. In training each gets a loss of its own (section 3.2).
#
# The library's `MLP(input_dim, hidden_dim, output_dim, num_layers)` and `pad_and_mask(images)` do what steps 11 and 13 ask for;
# `pad_and_mask` takes a batch as well. Or use your own: `BoxMLP`, and `pad_images(list(images))`.
#
# *Example.* L = 6 decoder layers, a batch of 2, Q = 100 and COCO's K = 91: `hs` is (6, 2, 100, 256), `pred_logits`
# (2, 100, 92), `pred_boxes` (2, 100, 4), and `aux_outputs` has 5 entries.

# %% exercise="detr_class" forbids="detrlab.detr.detr.DETR, detrlab.detr.detr.DETR.forward, detrlab.detr.detr.DETR.predictions"
class MyDETR(nn.Module):
    """DETR under the official names.

    num_classes: K, without no-object. aux_loss: whether the predictions of earlier decoder layers come out, too.
    """

    def __init__(self, backbone, position, transformer, num_classes, num_queries, aux_loss=False):
        ### BEGIN SOLUTION
        super().__init__()
        D = transformer.d_model
        self.backbone = nn.Sequential(backbone, position)
        self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
        self.transformer = transformer
        self.query_embed = nn.Embedding(num_queries, D)
        self.class_embed = nn.Linear(D, num_classes + 1)
        self.bbox_embed = MLP(D, D, 4, num_layers=3)
        self.aux_loss = aux_loss
        ### END SOLUTION

    def forward(self, images):
        """A batch (B, 3, H, W), or a list of images (3, H_i, W_i) -> a dict of predictions."""
        ### BEGIN SOLUTION
        batch, mask = pad_and_mask(images)
        backbone, position = self.backbone
        features = backbone(batch)  # (B, C, h, w)
        mask = F.interpolate(mask[:, None].float(), size=features.shape[-2:])[:, 0].bool()  # (B, h, w)
        src = self.input_proj(features)  # (B, D, h, w)
        queries = self.query_embed.weight  # (Q, D)
        hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
        logits = self.class_embed(hs)  # (L, B, Q, K + 1)
        boxes = self.bbox_embed(hs).sigmoid()  # (L, B, Q, 4)
        layers = [{"pred_logits": logits[i], "pred_boxes": boxes[i]} for i in range(len(hs))]
        out = layers[-1]
        if self.aux_loss:
            out["aux_outputs"] = layers[:-1]
        return out
        ### END SOLUTION

# %% check="detr_class" points=6
def stood_in(transformer, hs):
    """From now on the transformer gives `hs`, whatever it is given; the dict returned notes that by name.

    So an error before the transformer is not seen once more behind it.
    """
    given = {}

    def forward(*args, **kwargs):
        given.update(zip(("src", "mask", "query_embed", "pos_embed"), args), **kwargs)
        return hs, hs.new_zeros(hs.shape[1], hs.shape[3], 1, 1)

    transformer.forward = forward
    return given


@check(parts={"1. parts": 1.5, "2. one image": 1.5, "3. padded batch": 1.5, "4. auxiliary outputs": 1.5})
def detr_class(draw):
    K, Q, C = draw.letters("K Q C", 2, 7)
    L, D = 3, 4 * draw.size(2, 3)
    draw.name(L=L, D=D)
    # Maps of 5 x 6 and of 2 x 3 or 2 x 4 cells, or turned; a side of 5 pixels ends in the middle of a cell.
    sizes = [draw.choice([(17, 23), (23, 17), (19, 23), (23, 19)]), draw.choice([(5, 11), (11, 5), (5, 13), (13, 5)])]

    def made(aux_loss, position=None):
        model = MyDETR.__new__(MyDETR)
        extra = {"aux_loss": True} if aux_loss else {}
        nothing = model.__init__(*tiny_parts(C, D, 2, position, decoder_layers=L), K, Q, **extra)
        return (model, None) if nothing is None else (None, nothing)  # the blank

    def parts():
        model, nothing = made(False, PositionEmbeddingLearned(D // 2))
        if nothing is not None:
            return nothing
        names = {name: shape for name, shape in shapes_of(model).items() if not name.startswith("transformer.encoder")}
        start = model.query_embed.weight if hasattr(model, "query_embed") else torch.zeros(1, 1)
        return {"weights": names, "of the encoder": sum(name.startswith("transformer.encoder") for name in shapes_of(model)),
                "queries start differently": bool(start.std() > 0)}

    def ask(images, aux_loss=False):
        """What the transformer is given, what comes out, and whether gradients flow."""
        model, nothing = made(aux_loss)
        if nothing is not None:
            return nothing
        draw.fill(model.train())
        hs = draw.normal(L, len(images), Q, D).requires_grad_()
        given = stood_in(model.transformer, hs)
        out = model(images)
        if not isinstance(out, dict):
            return out
        if aux_loss:
            aux = out["aux_outputs"]
            return {"how many": len(aux), "aux_outputs": [{key: each[key] for key in sorted(each)} for each in aux],
                    "gradients reach hs": [lets_gradients_through(each["pred_boxes"], hs) for each in aux]}
        weights = dict(model.named_parameters())
        sources = {"src": ("input_proj.weight", "backbone.0.body.0.weight"), "query_embed": ("query_embed.weight",)}
        return {
            **{name: attempted(lambda name=name: given[name]) for name in ("src", "mask", "pos_embed", "query_embed")},
            "what comes out": sorted(out),
            **{name: attempted(lambda name=name: out[name]) for name in ("pred_logits", "pred_boxes")},
            "gradients reach": {name: attempted(lambda name=name, all_of=all_of: lets_gradients_through(
                given[name], *(weights[each] for each in all_of))) for name, all_of in sources.items()}
            | {name: attempted(lambda name=name: lets_gradients_through(out[name], hs))
               for name in ("pred_logits", "pred_boxes")},
            "is still in training": model.training,
        }

    return {"1. parts": attempted(parts),
            "2. one image": attempted(lambda: ask(draw.normal(1, 3, *sizes[0]))),
            "3. padded batch": attempted(lambda: ask([draw.normal(3, *size) for size in sizes])),
            "4. auxiliary outputs": attempted(lambda: ask(draw.normal(2, 3, *sizes[1]), aux_loss=True))}

# %% [raw] hints="detr_class"
# 1. The constructor makes the parts under the names of the table. forward is the list of the four points, a line or two for
#    each, with the shape behind it.
# 2. backbone, position = self.backbone takes the two apart. The mask is resized as in step 14, but stays a map. Linear layers
#    work on the last axis, so both heads can take all of hs at once.
# 3. hs, memory = self.transformer(self.input_proj(features), small_mask, self.query_embed.weight, position(…)); then
#    self.class_embed(hs) and self.bbox_embed(hs).sigmoid(): index −1 is the answer, the indices before it are aux_outputs.

# %% [raw] mistake="detr_class/no_no_object"
# The class layer has K outputs. No-object is one more, the last: K + 1.
# ---
# - self.class_embed = nn.Linear(D, num_classes + 1)
# + self.class_embed = nn.Linear(D, num_classes)

# %% [raw] mistake="detr_class/linear_boxes"
# The box head is one linear layer, as in the short DETR. The full one has three, with the names bbox_embed.layers.0 to 2.
# ---
# - self.bbox_embed = MLP(D, D, 4, num_layers=3)
# + self.bbox_embed = nn.Linear(D, 4)

# %% [raw] mistake="detr_class/two_box_layers"
# The box head has two layers. The official one has three.
# ---
# - self.bbox_embed = MLP(D, D, 4, num_layers=3)
# + self.bbox_embed = MLP(D, D, 4, num_layers=2)

# %% [raw] mistake="detr_class/short_names"
# These are names of the short DETR. Weights are loaded by name: the full one has class_embed, bbox_embed, query_embed and
# input_proj.
# ---
# - self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
# + self.conv = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
# - self.query_embed = nn.Embedding(num_queries, D)
# - self.class_embed = nn.Linear(D, num_classes + 1)
# - self.bbox_embed = MLP(D, D, 4, num_layers=3)
# + self.query_pos = nn.Embedding(num_queries, D)
# + self.linear_class = nn.Linear(D, num_classes + 1)
# + self.linear_bbox = MLP(D, D, 4, num_layers=3)
# - src = self.input_proj(features)  # (B, D, h, w)
# - queries = self.query_embed.weight  # (Q, D)
# + src = self.conv(features)
# + queries = self.query_pos.weight
# - logits = self.class_embed(hs)  # (L, B, Q, K + 1)
# - boxes = self.bbox_embed(hs).sigmoid()  # (L, B, Q, 4)
# + logits = self.linear_class(hs)
# + boxes = self.linear_bbox(hs).sigmoid()

# %% [raw] mistake="detr_class/positions_apart"
# Backbone and positions are two attributes. The authors keep both in one sequence, which makes the names backbone.0.body...;
# without it no weight of the backbone is found.
# ---
# - self.backbone = nn.Sequential(backbone, position)
# + self.backbone, self.position = backbone, position
# - backbone, position = self.backbone
# + backbone, position = self.backbone, self.position

# %% [raw] mistake="detr_class/query_parameter"
# query_embed is an nn.Parameter, so its weights are called query_embed. The official name is query_embed.weight: nn.Embedding.
# ---
# - self.query_embed = nn.Embedding(num_queries, D)
# + self.query_embed = nn.Parameter(torch.randn(num_queries, D))
# - queries = self.query_embed.weight  # (Q, D)
# + queries = self.query_embed

# %% [raw] mistake="detr_class/queries_of_zeros"
# All queries start from zero, so they are equal, and the decoder has no way to tell them apart: each would give the same box.
# Leave nn.Embedding's own random start.
# ---
# - self.query_embed = nn.Embedding(num_queries, D)
# + self.query_embed = nn.Embedding(num_queries, D)
# + nn.init.zeros_(self.query_embed.weight)

# %% [raw] mistake="detr_class/kernel_three"
# input_proj looks at 3 × 3 cells. It changes the width of each token and mixes no places: kernel size 1.
# ---
# - self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
# + self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=3, padding=1)

# %% [raw] mistake="detr_class/first_layer"
# The answer was read from the first decoder layer, hs[0]. The last one is meant, hs[-1].
# ---
# - out = layers[-1]
# + out = layers[0]

# %% [raw] mistake="detr_class/no_sigmoid"
# The boxes are what the head gives, without the sigmoid: they can lie anywhere.
# ---
# - boxes = self.bbox_embed(hs).sigmoid()  # (L, B, Q, 4)
# + boxes = self.bbox_embed(hs)

# %% [raw] mistake="detr_class/probabilities"
# The classes are probabilities. Loss and detection take the softmax themselves: return the logits.
# ---
# - logits = self.class_embed(hs)  # (L, B, Q, K + 1)
# + logits = self.class_embed(hs).softmax(-1)

# %% [raw] mistake="detr_class/mask_inverted"
# The mask is True on the image when it reaches the transformer. True means padding.
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src, ~mask, queries, position(mask))

# %% [raw] mistake="detr_class/no_mask"
# The transformer was told that nothing is padding. With one image that is true; in a padded batch the tokens would look at
# zeros.
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src, torch.zeros_like(mask), queries, position(mask))

# %% [raw] mistake="detr_class/positions_of_padding"
# The positions were counted over the whole map, padding and all. They count the cells of the image only, so that its last cell
# gets the same encoding whatever is padded: give `position` the small mask.
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src, mask, queries, position(torch.zeros_like(mask)))

# %% [raw] mistake="detr_class/mask_flattened"
# The mask is flattened. Here positions and transformer want the map (B, h, w).
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src, mask.flatten(1), queries, position(mask))

# %% [raw] mistake="detr_class/linear_projection"
# input_proj is a linear layer. On the last axis it computes the same, but its weight is (D, C): the official one, (D, C, 1, 1),
# does not load into it. It is nn.Conv2d with kernel size 1.
# ---
# - self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
# + self.input_proj = nn.Linear(backbone.num_channels, D)
# - src = self.input_proj(features)  # (B, D, h, w)
# + src = self.input_proj(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

# %% [raw] mistake="detr_class/mask_bilinear"
# The mask was resized bilinearly: every fraction became True. Take the nearest pixel, as in step 14.
# ---
# - mask = F.interpolate(mask[:, None].float(), size=features.shape[-2:])[:, 0].bool()  # (B, h, w)
# + mask = F.interpolate(mask[:, None].float(), size=features.shape[-2:], mode="bilinear")[:, 0].bool()

# %% [raw] mistake="detr_class/inputs_exchanged"
# Queries and positions changed places on their way into the transformer: its third argument are the queries, its fourth the
# positions.
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src, mask, position(mask), queries)

# %% [raw] mistake="detr_class/positions_added"
# The positions were added to the feature map. The transformer takes them apart from it, since they may not reach the values.
# ---
# - hs, memory = self.transformer(src, mask, queries, position(mask))  # (L, B, Q, D)
# + hs, memory = self.transformer(src + position(mask), mask, queries, position(mask))

# %% [raw] mistake="detr_class/map_not_projected"
# The transformer got the backbone's map. input_proj brings it to the width D.
# ---
# - src = self.input_proj(features)  # (B, D, h, w)
# + src = features

# %% [raw] mistake="detr_class/aux_with_the_last"
# aux_outputs has the last layer as well. That one is pred_logits and pred_boxes already: its loss would count twice.
# ---
# - out = layers[-1]
# + out = dict(layers[-1])
# - out["aux_outputs"] = layers[:-1]
# + out["aux_outputs"] = layers

# %% [raw] mistake="detr_class/aux_backwards"
# aux_outputs begins with the latest layer. The first decoder layer comes first.
# ---
# - out["aux_outputs"] = layers[:-1]
# + out["aux_outputs"] = layers[-2::-1]

# %% [raw] mistake="detr_class/aux_always"
# aux_outputs is there although aux_loss is False. It costs memory in detection: only with aux_loss=True.
# ---
# - if self.aux_loss:
# - out["aux_outputs"] = layers[:-1]
# + out["aux_outputs"] = layers[:-1]

# %% [raw] mistake="detr_class/aux_detached"
# The earlier layers' predictions are detached. They are there for a loss of their own, so a gradient has to flow.
# ---
# - out["aux_outputs"] = layers[:-1]
# + out["aux_outputs"] = [{name: value.detach() for name, value in layer.items()} for layer in layers[:-1]]

# %% [raw] mistake="detr_class/aux_without_sigmoid"
# The boxes in aux_outputs are without the sigmoid. Every layer's predictions are made alike.
# ---
# - out["aux_outputs"] = layers[:-1]
# + raw = self.bbox_embed(hs)
# + out["aux_outputs"] = [{**layer, "pred_boxes": raw[i]} for i, layer in enumerate(layers[:-1])]

# %% [raw] mistake="detr_class/eval_in_forward"
# forward puts the model into evaluation mode. Whoever uses it decides that: in training dropout would be off.
# ---
# - batch, mask = pad_and_mask(images)
# + self.eval()
# + batch, mask = pad_and_mask(images)

# %% [raw] mistake="detr_class/no_grad"
# forward runs under torch.no_grad(), so nothing could be trained. Whoever detects switches gradients off.
# ---
# - def forward(self, images):
# + @torch.no_grad()
# + def forward(self, images):

# %% [markdown]
# Does your class compute what the library's does? Both get the same weights and two images of different sizes; `first_divergence`
# compares what every module is given and gives. One line a module, all OK, is what a faithful rewrite looks like. If you call the
# heads once for each layer, or for the last only, their rows differ in shape or say *extra*. Then `(output)` OK is what counts.

# %%
def compare_with_the_library():
    torch.manual_seed(0)
    mine = MyDETR(*tiny_parts(5, 8, 2), 3, 7)
    reference = DETR(*tiny_parts(5, 8, 2), 3, 7)
    found = first_divergence(mine, reference, [torch.randn(3, 29, 41), torch.randn(3, 37, 23)])
    print(*(f"{row.name} {row.text}" for row in found.rows if row.name == "(output)"))
    return found


attempt(compare_with_the_library, after="detr_class")
