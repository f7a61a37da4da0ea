# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### The whole chain
# No points: do your functions from part A also work together?

# %% check="chain" points=0
@check
def chain(draw):
    picture = draw_scene(draw.scene_seed(), size=(170, 128)).picture  # the model's own size: nothing is interpolated
    with torch.no_grad():
        out = shapes(prepare(picture, *shapes.input_size)[None])
    values, labels = map(as_tensor, scores_and_labels(out["pred_logits"][0]))
    queries = [int(query) for query in kept_queries(values, clear_cut(picture)[0])]
    boxes_xyxy = to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0, queries]), picture)
    return from_left_to_right(boxes_xyxy, labels[queries], values[queries])
