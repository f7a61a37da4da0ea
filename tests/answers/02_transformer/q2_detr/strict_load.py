# %% style="max along the row, list input"
def read_both_ways(model, state, image, truth_xyxy):
    model.load_state_dict(state, strict=True)
    with torch.no_grad():
        boxes = model.eval()([image])["pred_boxes"].squeeze(0)
    swapped = torch.cat([boxes[:, :2], boxes[:, 2:].flip(1)], dim=1)
    readings = {"(cx, cy, w, h)": boxes, "(cx, cy, h, w)": swapped}
    return {name: box_iou(truth_xyxy, cxcywh_to_xyxy(b)).max(dim=1).values.mean().item() for name, b in readings.items()}


# %% style="unbind, torchvision's IoU"
def read_both_ways(model, state, image, truth_xyxy):
    from torchvision import ops

    model.load_state_dict(state)
    model.train(False)
    with torch.inference_mode():
        cx, cy, a, b = model(image.unsqueeze(0))["pred_boxes"][0].unbind(-1)

    def fit(w, h):
        boxes = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)
        return float(ops.box_iou(boxes, truth_xyxy.to(boxes)).amax(0).mean())

    return {"(cx, cy, h, w)": fit(b, a), "(cx, cy, w, h)": fit(a, b)}


# %% style="a loop over true boxes"
def read_both_ways(model, state, image, truth_xyxy):
    model.load_state_dict(state)
    model.eval()
    boxes = model(image[None])["pred_boxes"][0].detach()
    found = {}
    for name, columns in (("(cx, cy, w, h)", [0, 1, 2, 3]), ("(cx, cy, h, w)", [0, 1, 3, 2])):
        corners = cxcywh_to_xyxy(boxes[:, columns])
        best = [box_iou(true[None], corners).max() for true in truth_xyxy]
        found[name] = sum(best) / len(best)
    return found
