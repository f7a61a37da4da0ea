# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - AP matches greedily by score, not by least total cost; each object is found once, and a duplicate is a false alarm.
# - It pools all images, takes the envelope of the precision, reads it at 101 recalls, and averages over ten thresholds
#   and the classes that have objects.
# - Ties, crowds and limits are decided by code: two APs can be compared only if they come from the same one.
# - A threshold on the score never raises an AP.
# - The same AP can hide different errors; kinds of errors, sizes and layers say which part to mend.
# - Each query predicts boxes in a region of its own, whatever the image shows there.
# - A part is worth a difference only beside the spread of equal runs.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 4, table 1 (AP by size),
#   tables 2 to 4 (ablations), figure 4 (layers and NMS), figure 7 (query slots).
# - Lin et al. 2014, *Microsoft COCO: Common Objects in Context*, arXiv:1405.0312; `pycocotools/cocoeval.py`, about 400
#   lines, is the definition that everybody uses.
# - Bolya et al. 2020, *TIDE: A General Toolbox for Identifying Object Detection Errors*, arXiv:2008.08115.
