# %% style="topk of all, inference mode"
# torchvision's box_convert, a list of pictures, numpy results; ImageDraw for the picture.
from PIL import ImageDraw
from torchvision.ops import box_convert


def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    with torch.inference_mode():
        out = model.train(False)([to_input(picture, *model.input_size)])
        logits, boxes = out["pred_logits"].squeeze(0), out["pred_boxes"].squeeze(0)
        scores, labels = torch.nn.functional.softmax(logits, dim=1).narrow(1, 0, logits.shape[1] - 1).max(dim=1)
        scores, order = scores.topk(len(scores))
        order, scores = order[scores > threshold], scores[scores > threshold]
        boxes = box_convert(boxes.index_select(0, order), "cxcywh", "xyxy") * torch.tensor(picture.size).repeat(2)
    return [boxes.numpy(), labels.take(order).tolist(), scores.numpy()]


def my_source():
    picture = Image.new("RGB", (360, 240), "ivory")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30, 40, 150, 160), fill="crimson")
    pen.rectangle((200, 90, 310, 200), fill="navy")
    return picture


attempt(lambda: keep_picture(my_source()))


# %% style="the library's functions in a row"
def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    model.eval()
    with torch.no_grad():
        out = model(to_input(picture, *model.input_size)[None])
    scores, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
    order = scores.argsort(descending=True)
    keep = order[scores[order] > threshold]
    boxes_xyxy = detrlab.boxes.scale_to_pixels(detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0][keep]), picture.size)
    return boxes_xyxy, labels[keep], scores[keep]


def my_source():
    scene = [Shape("ring", centre_xy=(0.3, 0.3), radius=0.2, colour="red"),
             Shape("cross", centre_xy=(0.7, 0.6), radius=0.25, colour="green")]
    return compose(scene, Background("plain", "white"), size=(300, 200)).picture


attempt(lambda: keep_picture(my_source()))


# %% style="the steps' own functions"
@torch.no_grad()
def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    out = model.eval()(to_input(picture, *model.input_size).unsqueeze(0))
    scores, labels = map(as_tensor, scores_and_labels(out["pred_logits"][0]))
    queries = as_tensor(kept_queries(scores, threshold)).long()
    boxes_xyxy = as_tensor(to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0][queries]), picture))
    return boxes_xyxy, labels[queries], scores[queries]


def my_source():
    return compose([Shape("triangle", centre_xy=(0.5, 0.5), radius=0.3, colour="purple")], size=(200, 200)).picture


attempt(lambda: keep_picture(my_source()))


# %% style="lists, sorted at the end; a file beside the notebook"
def detect_in_file(model, path, threshold=0.7):
    model.eval()
    picture = open_picture(path)
    width, height = picture.size
    with torch.no_grad():
        out = model(to_input(picture, *model.input_size)[None])
    found = []
    for logits, (cx, cy, w, h) in zip(out["pred_logits"][0], out["pred_boxes"][0].tolist()):
        *probabilities, _ = torch.softmax(logits, dim=0).tolist()
        score = max(probabilities)
        if score > threshold:
            box = [(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height]
            found.append((score, probabilities.index(score), box))
    found.sort(key=lambda each: each[0], reverse=True)
    scores, labels, boxes = ([each[i] for each in found] for i in range(3))
    return torch.tensor(boxes).reshape(-1, 4), torch.tensor(labels), torch.tensor(scores)


def my_source():
    colours = np.full((180, 240, 3), 255, dtype=np.uint8)
    colours[40:120, 60:140] = (200, 30, 30)
    colours[90:150, 120:210] = (20, 60, 180)
    Image.fromarray(colours).save("two_rectangles.png")
    return "two_rectangles.png"


attempt(lambda: keep_picture(my_source()))


# %% style="numpy after the model; bytes of a file"
import io


def detect_in_file(model, path, threshold=0.7):
    picture = open_picture(path)
    model.train(mode=False)
    with torch.set_grad_enabled(False):
        out = model(torch.stack([to_input(picture, *model.input_size)]))
    logits, boxes = (out[name].squeeze(0).numpy() for name in ("pred_logits", "pred_boxes"))
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares = (shares / shares.sum(1, keepdims=True))[:, :-1]
    best = np.argsort(shares.max(1))[::-1]
    best = best[shares.max(1)[best] > threshold]
    (cx, cy, w, h), (width, height) = boxes[best].T, picture.size
    corners = np.stack([(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height], 1)
    return corners, shares.argmax(1)[best], shares.max(1)[best]


def my_source():
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


attempt(lambda: keep_picture(my_source()))
