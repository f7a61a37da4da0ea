# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - R@k asks for one right answer among k, both ways; captions that say the same are all right.
# - A class is a sentence, or the mean of several, brought to length 1 again.
# - A batch has false negatives, more of them the larger it is; they can leave the softmax. Losses of two batch sizes
#   cannot be compared.
# - A control can have a value that is known beforehand: a bag of words scores .5 where the words stay the same.
# - A share without its error, or a run without a second seed, tells no story. What was trained is tested with what was
#   not.
# - The gap between images and texts is the distance of their means. It is there at random weights, and changes no
#   order when all texts move alike.
#
# ## The real thing
# - The paper trains on 400 million pairs of images and texts from the internet, for 32 epochs, with a batch of 32,768
#   (sections 2.2 and 2.5). The largest ViT took 12 days on 256 V100 GPUs.
# - Zero-shot, its best model reaches 76.2 % on ImageNet (section 3.1.3), as the original ResNet-50 does with all of
#   ImageNet's labels. Eighty prompts for each class, averaged as in step 2, gain 3.5 points over one (section 3.1.4).
# - Its limits stand in section 6: counting objects is among what it does badly.
#
# **Your own photograph**, with the official weights (this needs the internet, once, and `pip install transformers`):
#
# ```python
# from PIL import Image
# from transformers import CLIPModel, CLIPProcessor
#
# name = "openai/clip-vit-base-patch32"
# model, processor = CLIPModel.from_pretrained(name), CLIPProcessor.from_pretrained(name)
# texts = ["a photo of a red cup and a blue book", "a photo of a blue cup and a red book"]
# inputs = processor(text=texts, images=Image.open("my_picture.jpg"), return_tensors="pt", padding=True)
# print(model(**inputs).logits_per_image.softmax(dim=1))
# ```
#
# Take a photograph of two things of unlike colours, and write its swap as the second text. One photograph is one pair:
# what is its standard error?
#
# ## Further reading
# - Radford et al. 2021, *Learning Transferable Visual Models From Natural Language Supervision*, arXiv:2103.00020:
#   sections 2 and 3.1.
# - Yuksekgonul et al. 2023, *When and why vision-language models behave like bags-of-words*, arXiv:2210.01936.
# - Liang et al. 2022, *Mind the Gap*, arXiv:2203.02053: the modality gap.
# - The official code: github.com/openai/CLIP, and its open sibling github.com/mlfoundations/open_clip.
