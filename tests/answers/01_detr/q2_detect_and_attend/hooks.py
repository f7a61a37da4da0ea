# %% style="one hook for all modules"
# It asks who is calling; a `with` block removes it, error or not.
from torch.nn.modules.module import register_module_forward_hook


def look_inside(model, image):
    modules = {
        "features": model.backbone[0],
        "encoder": list(model.transformer.encoder.layers)[-1].self_attn,
        "decoder": list(model.transformer.decoder.layers)[-1].multihead_attn,
    }
    seen = {}

    def note(module, inputs, output):
        for name, wanted in modules.items():
            if module is wanted:
                seen[name] = (output if name == "features" else output[1]).detach()

    with torch.inference_mode(), register_module_forward_hook(note):
        return model(image), seen


# %% style="three functions, try and finally"
def look_inside(model, image):
    seen = {}

    def note_features(module, inputs, output):
        seen["features"] = output.detach()

    def note_encoder(module, inputs, output):
        seen["encoder"] = output[1].detach()

    def note_decoder(module, inputs, output):
        seen["decoder"] = output[1].detach()

    handles = [
        model.backbone[0].register_forward_hook(note_features),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(note_encoder),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(note_decoder),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen


# %% style="an exit stack and a factory of hooks"
from contextlib import ExitStack


def look_inside(model, image):
    seen = {}

    def keep(name, pick):
        def hook(module, args, output):
            seen[name] = pick(output).detach()

        return hook

    def weights(pair):
        return pair[1]

    with ExitStack() as stack:
        for name, module, pick in (
            ("features", model.backbone[0], lambda output: output),
            ("encoder", model.transformer.encoder.layers[-1].self_attn, weights),
            ("decoder", model.transformer.decoder.layers[-1].multihead_attn, weights),
        ):
            stack.callback(module.register_forward_hook(keep(name, pick)).remove)
        out = model(image)
    return out, seen


# %% style="a class that is a context manager"
class Listener:
    def __init__(self, **modules):
        self.modules, self.seen, self.handles = modules, {}, []

    def __enter__(self):
        for name, module in self.modules.items():
            self.handles.append(module.register_forward_hook(lambda *given, name=name: self.hear(name, given[-1])))
        return self

    def hear(self, name, output):
        tensor = output[1] if isinstance(output, tuple) else output
        self.seen[name] = tensor.detach().clone()

    def __exit__(self, *error):
        while self.handles:
            self.handles.pop().remove()


def look_inside(model, image):
    *_, encoder = model.transformer.encoder.layers
    *_, decoder = model.transformer.decoder.layers
    with Listener(features=model.backbone[0], encoder=encoder.self_attn, decoder=decoder.multihead_attn) as listener:
        out = model(image)
    return out, listener.seen


# %% style="handles as context managers, outputs in lists"
def look_inside(model, image):
    features, encoder, decoder = [], [], []
    with (
        torch.no_grad(),
        model.backbone[0].register_forward_hook(lambda _, __, output: features.append(output)),
        model.transformer.encoder.layers[-1].self_attn.register_forward_hook(lambda _, __, out: encoder.append(out[1])),
        model.transformer.decoder.layers[-1].multihead_attn.register_forward_hook(
            lambda _, __, output: decoder.append(output[1])),
    ):
        out = model(image)
    return out, {"features": features[0], "encoder": encoder[0], "decoder": decoder[0]}


# %% style="modules found by name"
from functools import partial


def look_inside(model, image):
    named, seen, handles = dict(model.named_modules()), {}, []
    last = {part: len(getattr(model.transformer, part).layers) - 1 for part in ("encoder", "decoder")}
    places = {
        "features": "backbone.0",
        "encoder": f"transformer.encoder.layers.{last['encoder']}.self_attn",
        "decoder": f"transformer.decoder.layers.{last['decoder']}.multihead_attn",
    }

    def note(key, module, inputs, output):
        seen[key] = output if torch.is_tensor(output) else output[1]

    try:
        for key, place in places.items():
            handles.append(named[place].register_forward_hook(partial(note, key)))
        out = model(image)
        return out, {key: seen[key].detach() for key in places}
    finally:
        [handle.remove() for handle in handles]
