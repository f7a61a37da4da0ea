# ruff: noqa
# fmt: off
"""Plausible errors in notebook 1, each a student's whole cell; its comment says what is wrong in truth."""


# %% error="grid/always_32" names="grid/always_32"
# 32 is the stride of five halvings; how often the backbone halves is an argument.
import math


def token_grid(height, width, halvings=5):
    return math.ceil(height / 32), math.ceil(width / 32)

# %% error="grid/times_for_power" names="grid/times_for_power"
# The size was divided by 2 * halvings; halving five times divides by 2 ** 5.
def token_grid(height, width, halvings=5):
    stride = 2 * halvings
    return (height + stride - 1) // stride, (width + stride - 1) // stride

# %% error="grid/product" names="grid/product"
# This is the number of tokens H * W, one number; asked for is the pair (H, W).
def token_grid(height, width, halvings=5):
    H, W = height, width
    for i in range(halvings):
        H = (H - 1) // 2 + 1
        W = (W - 1) // 2 + 1
    return H * W

# %% error="grid/not_rounded" names="grid/not_rounded"
# The sizes have fractions: half a row cannot be left over, each halving rounds up to a whole number.
def token_grid(height, width, halvings=5):
    return height / 2 ** halvings, width / 2 ** halvings

# %% error="grid/result_to_the_power" names="grid/result_to_the_power"
# One halving's result was raised to the power of `halvings`; the halving itself has to be repeated.
def token_grid(height, width, halvings=5):
    rows = ((height - 1) // 2 + 1) ** halvings
    columns = ((width - 1) // 2 + 1) ** halvings
    return rows, columns

# %% error="grid/rounded_up_once" names="grid/floored"
# Only the first halving rounds up, the others round down: every one of them rounds up.
def token_grid(height, width, halvings=5):
    if height % 2:
        height += 1
    if width % 2:
        width += 1
    for _ in range(halvings):
        height, width = height // 2, width // 2
    return height, width

# %% error="grid/no_plus_one" names="grid/no_plus_one"
# The `+ 1` of the formula is missing, so each halving comes out one too small.
def token_grid(height, width, halvings=5):
    for _ in range(halvings):
        height = (height - 1) // 2
        width = (width - 1) // 2
    return height, width

# %% error="grid/width_from_height" names="grid/width_from_height"
# The columns were computed from the height: a wrong variable in the second line of the loop.
def token_grid(height, width, halvings=5):
    H, W = height, width
    for _ in range(halvings):
        H = (H + 1) // 2
        W = (H + 1) // 2
    return H, W

# %% error="grid/floored_and_swapped" names="grid/floored_and_swapped"
# The sizes were rounded down. And they are in the order (columns, rows).
def token_grid(height, width, halvings=5):
    for _ in range(halvings):
        width //= 2
        height //= 2
    return width, height

# %% error="stages/relu_before_norm" names="stages/relu_before_norm"
# relu and bn1 changed places: the norm comes first, then the relu.
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.relu(x)
    x = backbone.bn1(x)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x

# %% error="stages/layer_skipped" names="stages/layer_skipped"
# layer3 was skipped: all four layers run, one after the other.
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
    x = backbone.layer4(x)
    return x

# %% error="stages/maxpool_after_layer1" names="stages/maxpool_after_layer1"
# The max-pooling came after layer1; it belongs between relu and layer1.
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.relu(x)
    x = backbone.layer1(x)
    x = backbone.maxpool(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x

# %% error="stages/started_anew" names="stages/started_anew"
# relu was given the pictures again, so what conv1 and bn1 computed was thrown away.
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.relu(pictures)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x

# %% error="stages/nothing_returned" names="return_missing"
# make_backbone deletes the layer but returns nothing.
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc


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

# %% error="stages/flattened" names="stages/flattened"
# The map was flattened to one axis of cells; asked for is the map (B, C, H, W) that layer4 gives.
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
    return x.flatten(2)

# %% error="stages/pooled_by_hand" names="stages/pooled"
# The map was averaged to one vector per picture, and with it goes where things are: stop after layer4.
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
    return x.mean(dim=[2, 3], keepdim=True)

# %% error="stages/relu_first_and_fc_kept" names="stages/classifier_kept + stages/relu_before_norm"
# relu and bn1 changed places. And fc is still in the model.
def make_backbone(resnet50):
    resnet = resnet50()
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.relu(x)
    x = backbone.bn1(x)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x

# %% error="stages/no_relu_and_fc_kept" names="stages/no_relu + stages/classifier_kept"
# The relu after bn1 is missing. And fc is still in the model.
def make_backbone(resnet50):
    resnet = resnet50()
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x

# %% error="stages/early_and_renamed" names="stages/stopped_early + stages/renamed_by_sequential"
# This is the map of layer3, one stage too early. And nn.Sequential numbers its layers, so the names of the weights
# are lost.
def make_backbone(resnet50):
    resnet = resnet50()
    layers = list(resnet.children())
    return nn.Sequential(*layers[:-1])


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.relu(x)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    return x

# %% error="projection/stride" names="projection/stride"
# A stride of 2 drops three of four cells: every cell is to become a token.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim, 1, 2)

# %% error="projection/one_dimension" names="projection/one_dimension"
# nn.Conv1d is for sequences; a map has two axes of space.
def make_projection(channels, hidden_dim):
    return nn.Conv1d(channels, hidden_dim, kernel_size=1)

# %% error="projection/padded" names="projection/padded"
# Padding adds a rim of cells that are no part of the picture; a 1 x 1 kernel needs none.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim, kernel_size=1, padding=1)

# %% error="projection/fixed_numbers" names="projection/fixed_numbers"
# 2048 and 256 are the sizes of one model; the function is told which sizes to take.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(2048, 256, 1)

# %% error="projection/relu_added" names="projection/relu_added"
# A relu was added, in an nn.Sequential: asked for is the bare convolution.
def make_projection(channels, hidden_dim):
    return nn.Sequential(nn.Conv2d(channels, hidden_dim, kernel_size=1), nn.ReLU())

# %% error="projection/no_kernel" names="projection/no_kernel"
# nn.Conv2d was not told the size of its kernel.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim)

# %% error="projection/three_and_no_bias" names="projection/three_padded + projection/no_bias"
# A 3 x 3 kernel mixes neighbouring cells. And the bias is missing.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(channels, hidden_dim, kernel_size=3, padding=1, bias=False)

# %% error="projection/swapped_and_no_bias" names="projection/swapped + projection/no_bias"
# The numbers of channels are swapped. And the bias is missing.
def make_projection(channels, hidden_dim):
    return nn.Conv2d(hidden_dim, channels, 1, bias=False)

# %% error="transformer_sizes/decoder_depth_default" names="transformer_sizes/decoder_depth_default"
# The decoder's depth was forgotten, so it has PyTorch's default of 6 layers.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers)

# %% error="transformer_sizes/fixed_numbers" names="transformer_sizes/fixed_numbers"
# 256, 8, 6 and 6 are the official model's sizes; the function is told which to take.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(256, 8, 6, 6)

# %% error="transformer_sizes/feedforward_width" names="transformer_sizes/feedforward_width"
# dim_feedforward was set to the width; everything besides the four sizes keeps its default.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, dim_feedforward=hidden_dim)

# %% error="transformer_sizes/heads_last" names="transformer_sizes/heads_last"
# The heads came last, so a depth was taken for the number of heads: width, heads, depths is the order.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, num_encoder_layers, num_decoder_layers, nheads)

# %% error="transformer_sizes/encoder_only" names="transformer_sizes/encoder_only"
# This is an encoder alone; DETR needs a decoder, too: nn.Transformer has both.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(hidden_dim, nheads), num_encoder_layers)

# %% error="transformer_sizes/one_depth_for_both" names="transformer_sizes/one_depth_for_both"
# The encoder's depth was passed twice; the decoder has its own.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_encoder_layers)

# %% error="transformer_sizes/activation" names="transformer_sizes/activation"
# The activation was changed to gelu; DETR keeps the default, relu.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, activation="gelu")

# %% error="transformer_sizes/no_dropout" names="transformer_sizes/no_dropout"
# The dropout was switched off; everything besides the four sizes keeps its default.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, dropout=0.0)

# %% error="transformer_sizes/depths_and_batch_first" names="transformer_sizes/depths_swapped + transformer_sizes/batch_first"
# The two depths are swapped. And batch_first=True makes pictures attend to each other.
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    return nn.Transformer(d_model=hidden_dim, nhead=nheads, num_encoder_layers=num_decoder_layers,
                          num_decoder_layers=num_encoder_layers, batch_first=True)

# %% error="class_layer/fixed_numbers" names="class_layer/fixed_numbers"
# 256 and 92 are the official model's sizes; the function is told which to take.
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(256, 92)

# %% error="class_layer/one_on_the_input" names="class_layer/one_on_the_input"
# The one for no-object was added to the input width; it is one more answer, so it belongs to the output.
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(hidden_dim + 1, num_classes)

# %% error="class_layer/no_bias" names="class_layer/no_bias"
# The bias is missing, and the trained weights have one.
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(hidden_dim, num_classes + 1, bias=False)

# %% error="class_layer/hidden_layer" names="class_layer/hidden_layer"
# A hidden layer was added; the class head is one linear layer.
def make_class_head(hidden_dim, num_classes):
    return nn.Sequential(
        nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, num_classes + 1))

# %% error="class_layer/one_output" names="class_layer/one_output"
# One number per query cannot name a class: the layer gives one logit for each answer.
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(hidden_dim, 1)

# %% error="class_layer/convolution" names="class_layer/convolution"
# A convolution looks for channels on axis 1; the queries' vectors (B, Q, D) have them last: use nn.Linear.
def make_class_head(hidden_dim, num_classes):
    return nn.Conv1d(hidden_dim, num_classes + 1, kernel_size=1)

# %% error="class_layer/softmax_of_k" names="class_layer/softmax_of_k"
# There are only K answers, none for no-object. And a softmax was added to the head.
def make_class_head(hidden_dim, num_classes):
    return nn.Sequential(nn.Linear(hidden_dim, num_classes), nn.Softmax(dim=-1))

# %% error="class_layer/swapped_of_k" names="class_layer/swapped + class_layer/no_no_object"
# Input and output width are swapped. And there is no answer for no-object.
def make_class_head(hidden_dim, num_classes):
    return nn.Linear(num_classes, hidden_dim)

# %% error="box_layer/three_layers" names="box_layer/three_layers"
# This is the paper's perceptron of three layers; the short DETR has a single linear layer.
def make_box_head(hidden_dim):
    return nn.Sequential(
        nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
        nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
        nn.Linear(hidden_dim, 4))


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).sigmoid()

# %% error="box_layer/tanh" names="box_layer/tanh"
# A tanh gives -1..1; a box's numbers lie in 0..1, which the sigmoid gives.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).tanh()

# %% error="box_layer/sigmoid_twice" names="box_layer/sigmoid_in_the_layer"
# The sigmoid sits inside the layer, and is applied once more where it is used: keep the layer bare.
def make_box_head(hidden_dim):
    return nn.Sequential(nn.Linear(hidden_dim, 4), nn.Sigmoid())


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).sigmoid()

# %% error="box_layer/sigmoid_on_half" names="box_layer/sigmoid_on_half"
# Only the centre went through the sigmoid; width and height need it as well.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    z = linear_bbox(h)
    return torch.cat([z[..., :2].sigmoid(), z[..., 2:]], dim=-1)

# %% error="box_layer/new_layer" names="" wants="box_layer/new_layer"
# A new layer with random weights was made at each call; use the one that is given.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return make_box_head(h.shape[-1])(h).sigmoid()

# %% error="box_layer/sigmoid_before_the_layer" names="box_layer/sigmoid_before_the_layer"
# The sigmoid was applied to the queries' vectors; it belongs around what the layer gives.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h.sigmoid())

# %% error="box_layer/relu" names="box_layer/relu"
# A relu leaves numbers above 1; the sigmoid squeezes them into 0..1.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).relu()

# %% error="box_layer/two_and_no_sigmoid" names="box_layer/two_outputs + box_layer/no_sigmoid"
# The layer gives two numbers instead of four. And the sigmoid is missing.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 2)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h)

# %% error="box_layer/mlp_and_no_sigmoid" names="box_layer/no_sigmoid + box_layer/three_layers"
# This is a perceptron of three layers, where one was asked for. And the sigmoid is missing.
def make_box_head(hidden_dim):
    return nn.Sequential(
        nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
        nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
        nn.Linear(hidden_dim, 4))


def predict_boxes(linear_bbox, h):
    return linear_bbox(h)

# %% error="box_layer/no_bias_and_softmax" names="box_layer/softmax + box_layer/no_bias"
# The bias is missing. And a softmax ties the four numbers together.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4, bias=False)


def predict_boxes(linear_bbox, h):
    return torch.softmax(linear_bbox(h), dim=-1)

# %% error="box_layer/detached" names="box_layer/detached"
# The boxes are detached, so no gradient would ever reach the layer.
def make_box_head(hidden_dim):
    return nn.Linear(hidden_dim, 4)


def predict_boxes(linear_bbox, h):
    return linear_bbox(h).detach().sigmoid()

# %% error="tables/queries_zero" names="tables/all_zero"
# All rows of the query table start equal: start from random numbers.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.zeros(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/positions_zero" names="tables/positions_all_zero"
# All rows of the position tables start equal: start from random numbers.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.zeros(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.zeros(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/normal" names="tables/normal"
# The starting values come from torch.randn: torch.rand is asked for.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.randn(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.randn(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.randn(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/ones" names="tables/all_zero + tables/positions_all_zero"
# All rows start equal, at one: start from random numbers.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.ones(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.ones(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.ones(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/query_plain" names="tables/query_plain"
# The query table is a plain tensor: make it an nn.Parameter.
def make_query_table(num_queries, hidden_dim):
    return torch.rand(num_queries, hidden_dim)


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/columns_plain" names="tables/columns_plain"
# The column table is a plain tensor: make it an nn.Parameter, as the row table is.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = torch.rand(length, hidden_dim // 2)
    return row_embed, col_embed

# %% error="tables/query_half_width" names="tables/query_half_width"
# The query table has half the width; only the position tables are halved, since two of them stand side by side.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim // 2))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/float_size" names="tables/float_size"
# `/` gives a float, and sizes are whole numbers: use `//`.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim / 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim / 2))
    return row_embed, col_embed

# %% error="tables/no_tensor" names="tables/no_tensor"
# nn.Parameter was given sizes; it wraps a tensor, which torch.rand makes.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(num_queries, hidden_dim)


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(length, hidden_dim // 2)
    col_embed = nn.Parameter(length, hidden_dim // 2)
    return row_embed, col_embed

# %% error="tables/query_embedding" names="tables/embedding"
# The query table is an nn.Embedding, whose numbers are called query_pos.weight: use an nn.Parameter.
def make_query_table(num_queries, hidden_dim):
    return nn.Embedding(num_queries, hidden_dim)


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/row_full_width" names="tables/row_full_width"
# The row table has the full width; each position table has half of it.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/turned_and_full" names="tables/transposed + tables/full_width"
# The query table lies on its side. And the position tables have the full width.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(hidden_dim, num_queries))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim))
    return row_embed, col_embed

# %% error="tables/plain_and_turned" names="tables/query_plain + tables/tables_transposed"
# The query table is a plain tensor. And the position tables lie on their side.
def make_query_table(num_queries, hidden_dim):
    return torch.rand(num_queries, hidden_dim)


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(hidden_dim // 2, length))
    col_embed = nn.Parameter(torch.rand(hidden_dim // 2, length))
    return row_embed, col_embed

# %% error="tables/frozen" names="tables/frozen"
# requires_grad=False freezes the query table: no training would move it.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim), requires_grad=False)


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed

# %% error="tables/equal_tables" names="tables/equal_tables"
# Both position tables start from the same numbers, so row 3 and column 3 are alike: draw twice.
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    table = torch.rand(length, hidden_dim // 2)
    return nn.Parameter(table.clone()), nn.Parameter(table.clone())

# %% error="positions/rows_tiled" names="positions/rows_tiled"
# The row vectors were tiled like the column vectors, so they change from cell to cell: each row's vector stays for W
# cells.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].repeat(H, 1)
    rows = row_embed[:H].repeat(W, 1)
    return torch.cat([columns, rows], dim=-1).unsqueeze(1)

# %% error="positions/rows_axis_in_front" names="positions/rows_axis_in_front"
# The new axis of the row table is in front, so its map is (W, H, D/2): it belongs in the middle.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].unsqueeze(0).repeat(H, 1, 1)
    rows = row_embed[:H].unsqueeze(0).repeat(W, 1, 1)
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% error="positions/batch_axis_in_front" names="positions/batch_axis_in_front"
# The axis for the batch is in front, (1, S, D): tokens come first, (S, 1, D).
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].unsqueeze(0).repeat(H, 1, 1)
    rows = row_embed[:H].unsqueeze(1).repeat(1, W, 1)
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(0)

# %% error="positions/whole_tables" names="positions/whole_tables"
# The tables were not cut: their first W and first H rows are meant.
def position_map(row_embed, col_embed, H, W):
    length = len(row_embed)
    columns = col_embed.unsqueeze(0).repeat(length, 1, 1)
    rows = row_embed.unsqueeze(1).repeat(1, length, 1)
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% error="positions/interleaved" names="positions/interleaved"
# The two vectors were interleaved number by number: the column's vector is the first half, the row's the second.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].unsqueeze(0).repeat(H, 1, 1)
    rows = row_embed[:H].unsqueeze(1).repeat(1, W, 1)
    return torch.stack([columns, rows], dim=-1).flatten(2).flatten(0, 1).unsqueeze(1)

# %% error="positions/columns_slow" names="positions/column_by_column"
# The tokens run down the columns: let the column change fastest.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].repeat_interleave(H, dim=0)
    rows = row_embed[:H].repeat(W, 1)
    return torch.cat([columns, rows], dim=1)[:, None]

# %% error="positions/one_based" names="positions/one_based"
# The tables were read from their second row on: row 0 and column 0 have vectors, too.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[1:W + 1].unsqueeze(0).expand(H, -1, -1)
    rows = row_embed[1:H + 1].unsqueeze(1).expand(-1, W, -1)
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% error="positions/wrong_axes_flattened" names="positions/wrong_axes_flattened"
# Columns and channels were flattened into one axis; the two axes of space are to become one.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].unsqueeze(0).expand(H, -1, -1)
    rows = row_embed[:H].unsqueeze(1).expand(-1, W, -1)
    return torch.cat([columns, rows], dim=-1).flatten(1).unsqueeze(1)

# %% error="positions/detached" names="positions/detached"
# The tables were detached, so training could not move them.
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].detach().unsqueeze(0).expand(H, -1, -1)
    rows = row_embed[:H].detach().unsqueeze(1).expand(-1, W, -1)
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% error="positions/rows_first_and_no_axis" names="positions/rows_first + positions/no_batch_axis"
# The two halves are in the wrong order. And the axis for the batch is missing.
def position_map(row_embed, col_embed, H, W):
    rows = row_embed[:H].unsqueeze(1).repeat(1, W, 1)
    columns = col_embed[:W].unsqueeze(0).repeat(H, 1, 1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)

# %% error="positions/rows_first_and_columns_slow" names="positions/rows_first_column_by_column"
# The two halves are in the wrong order. And the tokens run down the columns.
def position_map(row_embed, col_embed, H, W):
    rows = row_embed[:H].unsqueeze(0).repeat(W, 1, 1)
    columns = col_embed[:W].unsqueeze(1).repeat(1, H, 1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1).unsqueeze(1)

# %% error="positions/rows_first_axis_in_front" names="positions/rows_first + positions/batch_axis_in_front"
# The two halves are in the wrong order. And the axis for the batch is in front.
def position_map(row_embed, col_embed, H, W):
    rows = row_embed[:H].unsqueeze(1).repeat(1, W, 1)
    columns = col_embed[:W].unsqueeze(0).repeat(H, 1, 1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)[None]

# %% error="sequence/batch_first_source" names="sequence/batch_first_source"
# The picture's tokens are (B, S, D): the transformer takes the tokens first, (S, B, D).
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(0, 2, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/channels_before_pictures" names="sequence/channels_before_pictures"
# The tokens are (S, D, B): pictures come before channels, (S, B, D).
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 1, 0)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/queries_batch_first" names="sequence/queries_batch_first"
# The queries are (B, Q, D): the transformer takes (Q, B, D).
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(0).repeat(B, 1, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/queries_no_axis" names="sequence/queries_no_axis"
# The queries have no axis for the batch at all.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/zero_queries" names="sequence/zero_queries"
# The decoder starts from zeros, as in the full DETR; the short one takes the queries as its input.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = torch.zeros(len(query_pos), B, query_pos.shape[1])
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/queries_reshaped" names="sequence/queries_reshaped"
# The queries were poured into (Q, B, D), so different queries stand where pictures should: repeat each for every
# picture.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.repeat(B, 1).view(-1, B, query_pos.shape[1])
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/result_other_axes" names="sequence/result_other_axes"
# The last two axes of the result were swapped; the first two are meant, (Q, B, D) to (B, Q, D).
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(1, 2)

# %% error="sequence/source_twice" names="sequence/source_twice"
# The decoder got the picture as well: its input are the object queries.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, src)
    return out.transpose(0, 1)

# %% error="sequence/encoder_only" names="sequence/encoder_only"
# Only the encoder ran: the decoder, with its queries, turns its output into objects.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer.encoder(src)
    return out.transpose(0, 1)

# %% error="sequence/first_picture_only" names="sequence/first_picture_only"
# Only the first picture of the batch was returned.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out[:, 0]

# %% error="sequence/changed_in_place" names="sequence/changed_in_place"
# h was scaled in place, so the map of whoever calls this is changed, too.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    h *= 0.1
    src = pos + h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/official_demo" names="sequence/one_picture_only"
# As in the official demo the queries have a batch axis of length 1, which does for a single picture only.
def encode_decode(transformer, h, pos, query_pos):
    h = transformer(pos + 0.1 * h.flatten(2).permute(2, 0, 1),
                    query_pos.unsqueeze(1)).transpose(0, 1)
    return h

# %% error="sequence/unscaled_and_reshaped" names="sequence/unscaled_and_reshaped"
# The features went in at full size. And they were poured into (S, B, D) instead of moving the axes.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + h.reshape(-1, B, h.shape[1])
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/no_positions_queries_first" names="sequence/no_positions + sequence/queries_first"
# The positions are missing. And the result still has the queries first.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out

# %% error="sequence/unscaled_one_picture" names="sequence/unscaled + sequence/one_picture_only"
# The features went in at full size. And the queries do for a single picture only.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)

# %% error="sequence/scaled_and_swapped_inputs" names="sequence/scaled_positions + sequence/swapped_inputs"
# The factor 0.1 is on the positions. And picture and queries changed places.
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = 0.1 * pos + h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(tgt, src)
    return out.transpose(0, 1)

# %% error="short_detr/official_demo" names="short_detr/one_picture_only"
# As in the official demo the queries have a batch axis of length 1, which does for a single picture only.
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
        pred_logits = self.linear_class(h)
        pred_boxes = self.linear_bbox(h).sigmoid()
        return {'pred_logits': pred_logits, 'pred_boxes': pred_boxes}

# %% error="short_detr/no_sigmoid_anywhere" names="short_detr/no_sigmoid"
# The boxes are the bare output of linear_bbox (a real student's): the sigmoid is missing.
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
                             self.query_pos.unsqueeze(1).repeat(1, len(inputs), 1)).transpose(0, 1)
        pred_logits = self.linear_class(h)
        pred_boxes = self.linear_bbox(h)
        return {'pred_logits': pred_logits, 'pred_boxes': pred_boxes}

# %% error="short_detr/picture_size" names="short_detr/picture_size"
# H and W were taken from the pictures, not from the feature map, so there are far more positions than tokens.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = pictures.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/layer_made_in_forward" names="short_detr/layer_made_in_forward"
# A convolution is made anew, at random, at each call of forward: use the layer that the constructor made.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = make_projection(features.shape[1], self.query_pos.shape[1])(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/backbone_called_whole" names="short_detr/backbone_called_whole"
# The backbone was called as a whole, to the very end of a classifier; its feature map is what backbone_features
# gives.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = self.backbone(pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/proj" names="short_detr/other_names"
# The convolution is called proj; the weights' file calls it conv.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.proj = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.proj(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/heads_renamed" names="short_detr/heads_renamed"
# The heads are called class_head and box_head; the weights' file calls them linear_class and linear_bbox.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.class_head = make_class_head(hidden_dim, num_classes)
        self.box_head = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.class_head(objects)
        boxes_cxcywh = predict_boxes(self.box_head, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/wrong_axes" names="short_detr/wrong_axes"
# Channels and rows were taken for rows and columns: H and W are the last two axes of the map.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[1], h.shape[2]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/heads_on_the_map" names="short_detr/heads_on_the_map"
# The heads read the feature map h instead of the objects that the decoder gives.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(h)
        boxes_cxcywh = predict_boxes(self.linear_bbox, h)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/heads_exchanged" names="short_detr/heads_exchanged"
# The two heads changed places: logits come from linear_class, boxes from linear_bbox.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_bbox(objects)
        boxes_cxcywh = predict_boxes(self.linear_class, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/depths_exchanged" names="short_detr/depths_exchanged"
# The two depths changed places in the call: encoder first.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_encoder_layers, num_decoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/query_table_turned" names="short_detr/query_table_turned"
# The sizes of the query table changed places: one row per query.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(hidden_dim, num_queries)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/fixed_classes" names="short_detr/fixed_classes"
# 91 is COCO's number of classes; num_classes says how many there are.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, 91)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/not_an_attribute" names="short_detr/not_an_attribute"
# query_pos is a local name of the constructor: without `self.` it is gone when forward runs.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/backbone_skipped" names="short_detr/backbone_skipped"
# The pictures went into the convolution as they are: the backbone comes first.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(pictures)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/no_grad" names="short_detr/no_grad"
# forward runs under torch.no_grad(), so the model could never be trained.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    @torch.no_grad()
    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/eval_in_forward" names="short_detr/eval_in_forward"
# forward puts the model into evaluation mode: whoever trains it decides that.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        self.eval()
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/proj_no_sigmoid" names="short_detr/other_names + short_detr/no_sigmoid"
# The convolution has another name than the weights' file gives it. And the boxes lack the sigmoid.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.input_proj = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.input_proj(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = self.linear_bbox(objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/swapped_sizes_softmax" names="short_detr/swapped_sizes + short_detr/probabilities"
# The position map was asked for W rows and H columns. And probabilities are returned instead of logits.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, W, H)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects).softmax(-1)
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="short_detr/one_more_no_sigmoid" names="short_detr/no_object_twice + short_detr/no_sigmoid"
# No-object was counted twice. And the boxes lack the sigmoid.
class ShortDETR(nn.Module):
    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        self.backbone = backbone
        self.conv = make_projection(channels, hidden_dim)
        self.transformer = make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim)
        self.linear_class = make_class_head(hidden_dim, num_classes + 1)
        self.linear_bbox = make_box_head(hidden_dim)
        self.query_pos = make_query_table(num_queries, hidden_dim)
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)

    def forward(self, pictures):
        features = backbone_features(self.backbone, pictures)
        h = self.conv(features)
        H, W = h.shape[-2:]
        pos = position_map(self.row_embed, self.col_embed, H, W)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)
        logits = self.linear_class(objects)
        boxes_cxcywh = self.linear_bbox(objects)
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% error="output_sizes/maps_exchanged" names="output_sizes/maps_exchanged"
# The two maps changed places: the encoder's is S x S, the decoder's is Q x S.
def output_shapes(B, S, Q, K):
    logits = (B, Q, K + 1)
    boxes = (B, Q, 4)
    encoder_map = (B, Q, S)
    decoder_map = (B, S, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/no_batch_axis" names="output_sizes/no_batch_axis"
# The axis for the batch is missing everywhere.
def output_shapes(B, S, Q, K):
    logits = (Q, K + 1)
    boxes = (Q, 4)
    encoder_map = (S, S)
    decoder_map = (Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/maps_no_batch" names="output_sizes/maps_no_batch_axis"
# The maps lack the axis for the batch: each picture has its own.
def output_shapes(B, S, Q, K):
    logits = (B, Q, K + 1)
    boxes = (B, Q, 4)
    encoder_map = (S, S)
    decoder_map = (Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/no_object_as_query" names="output_sizes/no_object_as_query"
# No-object was counted as one more query; it is one more class.
def output_shapes(B, S, Q, K):
    logits = (B, Q + 1, K)
    boxes = (B, Q, 4)
    encoder_map = (B, S, S)
    decoder_map = (B, Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/five_numbers" names="output_sizes/five_numbers"
# A box has four numbers; the score comes from the logits.
def output_shapes(B, S, Q, K):
    logits = (B, Q, K + 1)
    boxes = (B, Q, 5)
    encoder_map = (B, S, S)
    decoder_map = (B, Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/per_token" names="output_sizes/per_token"
# There is one answer per token here; DETR gives one per object query.
def output_shapes(B, S, Q, K):
    logits = (B, S, K + 1)
    boxes = (B, S, 4)
    encoder_map = (B, S, S)
    decoder_map = (B, Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/example_numbers" names="output_sizes/example_numbers"
# These are the example's numbers; the sizes are given as B, S, Q and K.
def output_shapes(B, S, Q, K):
    logits = (1, 3, 10)
    boxes = (1, 3, 4)
    encoder_map = (1, 70, 70)
    decoder_map = (1, 3, 70)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/no_no_object_turned" names="output_sizes/no_no_object + output_sizes/map_transposed"
# The logits lack no-object. And the decoder's map lies on its side.
def output_shapes(B, S, Q, K):
    logits = (B, Q, K)
    boxes = (B, Q, 4)
    encoder_map = (B, S, S)
    decoder_map = (B, S, Q)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/box_per_class_queries" names="output_sizes/box_per_class_axis + output_sizes/queries_at_queries"
# There is a box for every class. And the decoder's map is that of its self-attention.
def output_shapes(B, S, Q, K):
    logits = (B, Q, K + 1)
    boxes = (B, Q, K, 4)
    encoder_map = (B, S, S)
    decoder_map = (B, Q, Q)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% error="output_sizes/queries_first_in_maps" names="output_sizes/queries_first + output_sizes/encoder_with_queries"
# The queries stand before the batch in the outputs. And the encoder's map has queries in it.
def output_shapes(B, S, Q, K):
    logits = (Q, B, K + 1)
    boxes = (Q, B, 4)
    encoder_map = (B, Q, S)
    decoder_map = (B, Q, S)
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}
