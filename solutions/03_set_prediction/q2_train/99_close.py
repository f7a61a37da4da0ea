# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A step: clear the gradients, compute the loss, go backward, clip all gradients together, step.
# - The backbone has a rate of its own; frozen parameters are in no group.
# - Five probes, from one scene to data that vary, each of which needs what those before it need. The first that fails names
#   the suspect, and one number proves it.
# - Losses that are sums over different numbers of layers cannot be compared; an AP in the middle of a cosine is not final;
#   a difference smaller than the spread of the seeds says nothing.
# - A training goes on exactly if weights, optimiser, schedule, average, step and random numbers were all saved.
#
# In the next notebook you write the AP that measured all this.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 4 and A.4 (training),
#   section 3.2 (auxiliary losses).
# - The official code, github.com/facebookresearch/detr: `engine.py` (the loop), `main.py` (rates, groups, schedule).
# - Li et al. 2022, *DN-DETR: Accelerate DETR Training by Introducing Query DeNoising*, arXiv:2203.01305.
# - Loshchilov and Hutter 2019, *Decoupled Weight Decay Regularization*, arXiv:1711.05101 (AdamW).
