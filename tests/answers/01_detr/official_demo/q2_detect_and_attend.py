# What the official notebooks do with DETR's output, in the exercises that ask for it: same calls, arguments, order.
# What they do not have (a limit for the longer side, the map of where a cell looks, the frame of a point) is added in
# their way.

# %% exercise="resize"
import torchvision.transforms as T


def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    size = shorter
    if max(w, h) / min(w, h) * size > longest:
        size = int(round(longest * min(w, h) / max(w, h)))
    if w < h:
        return size, int(size * h / w)
    return int(size * w / h), size


def prepare(picture, shorter=800, longest=1333):
    transform = T.Compose([
        T.Resize(shorter, max_size=longest),
        T.ToTensor(),
        T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    ])
    return transform(picture)


# %% exercise="scores"
def scores_and_labels(logits):
    probas = logits.softmax(-1)[:, :-1]
    return probas.max(-1).values, probas.argmax(-1)


# %% exercise="kept"
def kept_queries(scores, threshold):
    keep = scores > threshold
    return keep.nonzero()


# %% exercise="corners"
def cxcywh_to_xyxy(x):
    x_c, y_c, w, h = x.unbind(1)
    b = [(x_c - 0.5 * w), (y_c - 0.5 * h),
         (x_c + 0.5 * w), (y_c + 0.5 * h)]
    return torch.stack(b, dim=1)


# %% exercise="pixels"
def to_pixels(boxes_xyxy, picture):
    img_w, img_h = picture.size
    return boxes_xyxy * torch.tensor([img_w, img_h, img_w, img_h], dtype=torch.float32)


# %% exercise="drawing"
COLORS = [[0.000, 0.447, 0.741], [0.850, 0.325, 0.098], [0.929, 0.694, 0.125],
          [0.494, 0.184, 0.556], [0.466, 0.674, 0.188], [0.301, 0.745, 0.933]]


def draw_detections(ax, pil_img, boxes, names, scores):
    ax.imshow(pil_img)
    colors = COLORS * 100
    for p, cl, (xmin, ymin, xmax, ymax), c in zip(scores, names, boxes.tolist(), colors):
        ax.add_patch(plt.Rectangle((xmin, ymin), xmax - xmin, ymax - ymin,
                                   fill=False, color=c, linewidth=3))
        text = f'{cl}: {p:0.2f}'
        ax.text(xmin, ymin, text, fontsize=15,
                bbox=dict(facecolor='yellow', alpha=0.5))
    ax.axis('off')
    return ax


# %% exercise="hooks"
def look_inside(model, img):
    conv_features, enc_attn_weights, dec_attn_weights = [], [], []
    hooks = [
        model.backbone[-2].register_forward_hook(
            lambda self, input, output: conv_features.append(output)
        ),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(
            lambda self, input, output: enc_attn_weights.append(output[1])
        ),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(
            lambda self, input, output: dec_attn_weights.append(output[1])
        ),
    ]
    with torch.no_grad():  # the notebooks switch gradients off in their first cell
        outputs = model(img)
    for hook in hooks:
        hook.remove()
    return outputs, {"features": conv_features[0], "encoder": enc_attn_weights[0], "decoder": dec_attn_weights[0]}


# %% exercise="decoder_maps"
def maps_of_queries(dec_attn_weights, queries, conv_features):
    h, w = conv_features.shape[-2:]
    return [dec_attn_weights[0, idx].view(h, w) for idx in queries]


# %% exercise="decoder_figure"
def draw_queries(im, dec_attn_weights, keep, bboxes_scaled):
    fig, axs = plt.subplots(ncols=len(bboxes_scaled), nrows=2, figsize=(22, 7))
    for idx, sattn, ax_i, (xmin, ymin, xmax, ymax) in zip(keep, dec_attn_weights, axs.T, bboxes_scaled):
        ax = ax_i[0]
        ax.imshow(sattn)
        ax.axis('off')
        ax.set_title(f'query id: {idx.item()}')
        ax = ax_i[1]
        ax.imshow(im)
        ax.add_patch(plt.Rectangle((xmin, ymin), xmax - xmin, ymax - ymin,
                                   fill=False, color='blue', linewidth=3))
        ax.axis('off')
    fig.tight_layout()
    return fig


# %% exercise="cell"
def cell_at(point_xy, size_wh, input_hw, fact):
    (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
    idx_o = y * h / height, x * w / width
    return int(idx_o[0] // fact), int(idx_o[1] // fact)


# %% exercise="encoder_maps"
def maps_of_cell(enc_attn_weights, idx, f_map):
    shape = f_map.shape[-2:]
    sattn = enc_attn_weights[0].reshape(shape + shape)
    return {"looks at": sattn[idx[0], idx[1]], "is looked at from": sattn[..., idx[0], idx[1]]}


# %% exercise="four_points"
def draw_points(im, points_01, maps, direction):
    fig = plt.figure(constrained_layout=True, figsize=(25 * 0.7, 8.5 * 0.7))
    gs = fig.add_gridspec(2, 4)
    axs = [
        fig.add_subplot(gs[0, 0]),
        fig.add_subplot(gs[1, 0]),
        fig.add_subplot(gs[0, -1]),
        fig.add_subplot(gs[1, -1]),
    ]
    for idx_o, sattn, ax in zip(points_01, maps, axs):
        ax.imshow(sattn, cmap='cividis', interpolation='nearest')
        ax.axis('off')
        ax.set_title(f'{direction} {idx_o}')
    fcenter_ax = fig.add_subplot(gs[:, 1:-1])
    fcenter_ax.imshow(im)
    for (x, y) in points_01:
        fcenter_ax.add_patch(plt.Circle((x * im.width, y * im.height), 16, color='r'))
    fcenter_ax.axis('off')
    return fig


# %% exercise="own_picture"
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    im = open_picture(path)
    img = to_input(im, *model.input_size).unsqueeze(0)
    with torch.no_grad():
        outputs = model(img)
    probas = outputs['pred_logits'].softmax(-1)[0, :, :-1]
    keep = probas.max(-1).values > threshold
    boxes = outputs['pred_boxes'][0, keep]
    x_c, y_c, w, h = boxes.unbind(1)
    b = torch.stack([(x_c - 0.5 * w), (y_c - 0.5 * h), (x_c + 0.5 * w), (y_c + 0.5 * h)], dim=1)
    img_w, img_h = im.size
    b = b * torch.tensor([img_w, img_h, img_w, img_h], dtype=torch.float32)
    return b, probas[keep].argmax(-1), probas[keep].max(-1).values


def my_source():
    return compose([Shape("star", centre_xy=(0.5, 0.5), radius=0.4, colour="blue")], Background("plain", "white"),
                   size=(240, 240)).picture


attempt(lambda: keep_picture(my_source()))
