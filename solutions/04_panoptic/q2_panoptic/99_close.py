# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - Mask logits cover the padded batch: enlarge them to its size, then crop.
# - In a panoptic picture masks compete: the largest logit owns the pixel. Masks that own too little are dropped, and
#   their pixels go to the next.
# - Two slips of the official code raise no error. Merged stuff has an area of 0 and is deleted; padding is squeezed into
#   the image. A small image, worked out by hand, shows both.
# - Segments match above an IoU of .5, strictly; that makes the partner unique. Void of the truth is in no union, and
#   forgives; crowds are neither found nor missed, and forgive their class.
# - PQ = SQ · RQ holds class by class, not for the means.
# - SQ says how well the found ones are outlined. A high SQ with a low PQ points at what is found, or at its class: at
#   queries and thresholds, not at the mask head.
#
# ## The real thing
# `load_model("detr_resnet50_panoptic", "official")` fetches the official weights (this needs the internet, once), and
# `segment(model, "my_picture.png")` gives the panoptic picture of a photograph of your own, with both slips mended.
# Table 5 of the paper reports PQ 43.4 (R50), with 48.2 for things and 36.3 for stuff.
#
# ## Further reading
# - Kirillov et al. 2019, *Panoptic Segmentation*, arXiv:1801.00868: sections 3 and 4.
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 4.4 and table 5.
# - The official codes: github.com/facebookresearch/detr, `models/segmentation.py`; github.com/cocodataset/panopticapi,
#   `evaluation.py`.
# - Bolya et al. 2020, *TIDE*, arXiv:2008.08115: kinds of errors, for boxes.
