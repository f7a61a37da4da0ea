# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A text becomes tokens with an end token. A causal transformer reads them, and the feature of the text is what stands at
#   the end token, the only one that has seen all others.
# - Two projections bring images and texts into one space. Only directions count there: a cosine says how well two fit.
# - Cosines are too flat for a softmax, so they are divided by a learned temperature. Its logarithm is what is stored.
# - The loss is two classifications in one table: along the rows images choose texts, along the columns texts choose
#   images. Every other pair of the batch is a negative, N² − N in all.
# - Knowing nothing costs ln N. Losses of different N cannot be compared. Without a temperature no model of 128 pairs gets
#   below 3.86.
# - A clamp in the forward pass stops the gradient; in the loop, between two steps, it does not.
#
# In the next notebook you measure what such a model knows: retrieval, classes that it was never trained for, and whether
# "a red ring and a blue star" is more to it than a bag of words.
#
# ## The real thing
# Of the paper (Radford et al. 2021, arXiv:2103.00020): 400 million pairs of images and texts from the internet (section
# 2.2); batches of 32,768 pairs for 32 epochs, which is 1,073,709,056 negatives in a batch, and ln N = 10.40; the largest
# vision transformer took 12 days on 256 V100 GPUs (section 2.5). Texts are cut into pieces of words, of which there are
# 49,152, and have at most 76 tokens (section 2.4). Without having seen one of ImageNet's training examples it is right
# in 76.2 % of the images (table 1).
#
# One of the models on a photograph of your own. This needs the internet, once, for 600 MB, and
# `pip install transformers`:
#
# ```python
# import torch
# from PIL import Image
# from transformers import CLIPModel, CLIPProcessor
#
# name = "openai/clip-vit-base-patch32"
# model, processor = CLIPModel.from_pretrained(name), CLIPProcessor.from_pretrained(name)
# sentences = ["a photo of a cat", "a photo of a bicycle", "a photo of a street at night"]
# inputs = processor(text=sentences, images=Image.open("my_picture.png"), return_tensors="pt", padding=True)
# with torch.no_grad():
#     shares = model(**inputs).logits_per_image.softmax(dim=1)[0]
# for sentence, share in zip(sentences, shares.tolist()):
#     print(f"{share:.2f}  {sentence}")
# ```
#
# The shares are among your sentences alone: what is in none of them cannot win. `model.logit_scale` is the $t$ of step 5.
#
# ## Further reading
# - Radford et al. 2021, *Learning Transferable Visual Models From Natural Language Supervision*, arXiv:2103.00020: figure 3
#   has the whole method in a few lines, sections 2.3 to 2.5 the rest of this notebook.
# - The official code, github.com/openai/CLIP: `clip/model.py`. A training loop: github.com/mlfoundations/open_clip.
# - van den Oord et al. 2018, *Representation Learning with Contrastive Predictive Coding*, arXiv:1807.03748: the loss.
# - Zhai et al. 2023, *Sigmoid Loss for Language Image Pre-Training*, arXiv:2303.15343: each pair as a question of its own.
