# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## A. From an image to detections
#
# This is all that DETR says about a scene (section 3.2 of the paper): for each of the $Q$ object queries, $K + 1$ class
# logits and one box.

# %%
with torch.no_grad():
    out = shapes(to_input(sample.picture, *shapes.input_size)[None])
print("the scene:  ", ", ".join(f"{shape.colour} {shape.name}" for shape in sample.shapes))
print("classes:    ", shapes.classes)
print("pred_logits:", tuple(out["pred_logits"].shape), "= (B, Q, K + 1): the last class is 'no object'")
print("pred_boxes: ", tuple(out["pred_boxes"].shape), "= (B, Q, 4): (cx, cy, w, h) in 0..1 of the image")
box_cxcywh = [round(value, 2) for value in out["pred_boxes"][0, 0].tolist()]
print("query 0:    ", box_cxcywh, "is the box it predicts")
sample.picture.resize((256, 256))

# %% [markdown]
# Six steps lead from an image to drawn boxes; the first makes the model's input, the others read its output.
