# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A mask begins as attention without values: M maps over the encoder's memory for each object query.
# - The official softmax runs over heads and space, so the maps of a query share one 1. Per head each map has a 1 of its
#   own.
# - The mask head is a small pyramid, run once for each query. GroupNorm looks at one sample, so the other queries do
#   not matter; finer maps of the backbone are added for the edges.
# - Freezing has two switches: gradients, and the mode of batch norms and dropout.
# - Focal loss lets pixels that are right already count little; dice counts each mask alike, whatever its size.
# - Only matched queries have a mask to learn from. Logits are cut at 0.
#
# In the next notebook masks become a panoptic picture, in which every pixel belongs to one segment, and you measure its
# quality.
#
# ## The real thing
# The official head was trained for 25 epochs on frozen boxes, on COCO with 80 things and 53 kinds of stuff; table 5 of
# the paper reports PQ 43.4 (R50) and 45.1 (R101). `load_model("detr_resnet50_panoptic", "official")` fetches these
# weights (this needs the internet, once), and `segment(model, "my_picture.png")` is the panoptic picture of a
# photograph of your own.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 4.4 and figure 8.
# - The official code, github.com/facebookresearch/detr: `models/segmentation.py`.
# - Lin et al. 2017, *Feature Pyramid Networks*, arXiv:1612.03144; Wu and He 2018, *Group Normalization*,
#   arXiv:1803.08494.
# - Lin et al. 2017, *Focal Loss for Dense Object Detection*, arXiv:1708.02002; Milletari et al. 2016, *V-Net*,
#   arXiv:1606.04797 (dice).
