# %% style="torchvision's v2, exact fractions"
# The resize rule by v2.Resize with max_size, and the whole preparation as one v2.Compose.
from fractions import Fraction

from torchvision.transforms import v2


def new_size(size_wh, shorter=800, longest=1333):
    factors = Fraction(shorter, min(size_wh)), Fraction(longest, max(size_wh))
    return [int(side * min(factors) + Fraction(1, 2)) for side in size_wh]


def prepare(picture, shorter=800, longest=1333):
    steps = v2.Compose([
        v2.Resize(shorter, max_size=longest), v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean=IMAGENET_MEAN, std=IMAGENET_STD),
    ])
    return steps(picture)


# %% style="PIL and numpy"
def new_size(size_wh, shorter=800, longest=1333):
    w, h = size_wh
    r = min(shorter / min(w, h), longest / max(w, h))
    return round(w * r), round(h * r)


def prepare(picture, shorter=800, longest=1333):
    resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    colours = (np.asarray(resized) / 255 - IMAGENET_MEAN) / IMAGENET_STD  # (H, W, 3)
    return torch.from_numpy(colours.transpose(2, 0, 1)).float()


# %% style="torchvision's functional form"
# Asks which limit holds, and rounds down as the official code does.
import torchvision.transforms.functional as TF


def new_size(size_wh, shorter=800, longest=1333):
    short, long = sorted(size_wh)
    if long / short * shorter > longest:
        shorter = short * longest / long
    return tuple(int(side * shorter / short + 1e-6) for side in size_wh)


def prepare(picture, shorter=800, longest=1333):
    width, height = new_size(picture.size, shorter, longest)
    return TF.normalize(TF.resize(TF.to_tensor(picture), [height, width]), IMAGENET_MEAN, IMAGENET_STD)


# %% style="interpolation of a tensor"
def new_size(size_wh, shorter=800, longest=1333):
    size = torch.tensor(size_wh, dtype=torch.float64)
    ratio = torch.minimum(shorter / size.min(), longest / size.max())
    return (size * ratio).round().int().tolist()


def prepare(picture, shorter=800, longest=1333):
    width, height = new_size(picture.size, shorter, longest)
    image = torch.tensor(np.array(picture), dtype=torch.float32).permute(2, 0, 1).div(255)
    image = torch.nn.functional.interpolate(image[None], size=(height, width), mode="bilinear", antialias=True)[0]
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return (image - mean[:, None, None]) / std[:, None, None]


# %% style="channel by channel"
# The size by trying: the shorter side first, and the longer one where that would be too long.
def new_size(size_wh, shorter=800, longest=1333):
    width, height = size_wh
    for target, side in ((shorter, min(size_wh)), (longest, max(size_wh))):
        new = round(width * target / side), round(height * target / side)
        if max(new) <= longest:
            return new


def prepare(picture, shorter=800, longest=1333):
    resized = picture.convert("RGB").resize(new_size(picture.size, shorter, longest), resample=Image.BILINEAR)
    channels = []
    for channel, mean, std in zip(resized.split(), IMAGENET_MEAN, IMAGENET_STD):
        channels.append((torch.from_numpy(np.array(channel, dtype=np.float32)) / 255.0 - mean) / std)
    return torch.stack(channels)
