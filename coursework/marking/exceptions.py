r"""What an exception usually means in a course on neural networks, whatever caused it.

A row is a pattern of "Type: message" and the id of a sentence (`messages.py`), which is filled in with the pattern's
named groups. The first row that fits counts, so particular ones stand before general ones.
"""

from __future__ import annotations

import re

from .compare import Letters
from .messages import say

_MOST_NAMES = 5  # keys of weights that are named

MEANINGS = [
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        # Names
        (r"NameError: .*'_{2,}'", "means_blank_unknown"),
        (r"UnboundLocalError: .*variable '(?P<name>\w+)'", "means_unbound"),
        (r"NameError: .*'(?P<name>\w+)'", "means_name"),
        (r"(ModuleNotFound|Import)Error", "means_import"),
        (r".*(NoneType|None type)", "none"),
        # Attributes
        (r"AttributeError: cannot assign .* before \w+\.__init__\(\)", "means_super_init"),
        (r"AttributeError: 'Tensor' object has no attribute '(?P<name>\w+)'", "means_tensor_attribute"),
        (r"AttributeError: module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'", "means_module_attribute"),
        (r"AttributeError: '(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'", "means_attribute"),
        # Calls
        (r"TypeError: .*unexpected keyword argument '(?P<name>\w+)'", "means_keyword"),
        (r"TypeError: .*multiple values for argument '(?P<name>\w+)'", "means_argument_twice"),
        (r"TypeError: (?P<function>[\w.<>]+)\(\) missing \d+ required .*argument", "means_argument_missing"),
        (r"TypeError: (?P<function>[\w.<>]+)\(\) takes .*positional argument", "means_too_many_arguments"),
        (r"TypeError: '(?P<kind>[\w.]+)' object is not callable", "means_not_callable"),
        (r"TypeError: '(?P<kind>[\w.]+)' object is not subscriptable", "means_not_subscriptable"),
        (r"TypeError: '(?P<kind>[\w.]+)' object does not support item assignment", "means_no_assignment"),
        (r"TypeError: .*(?:not iterable|non-iterable (?P<kind>[\w.]+))", "means_not_iterable"),
        (
            r"TypeError: unsupported operand type\(s\) for (?P<sign>\S+): '(?P<one>.+)' and '(?P<other>.+)'",
            "means_operand",
        ),
        (
            r"TypeError: .*argument '(?P<name>\w+)'.* must be (?P<wanted>.+), not (?P<kind>[\w.]+)",
            "means_argument_kind",
        ),
        (r"TypeError: .*received an invalid combination of arguments", "means_arguments"),
        (r"NotImplementedError: .*missing the required \"forward\"", "means_no_forward"),
        # Weights of a module
        (r"RuntimeError: Error\(s\) in loading state_dict", "means_weights"),
        # Shapes
        (r"RuntimeError: .*multiplied \((?P<a>\d+)x(?P<b>\d+) and (?P<c>\d+)x(?P<d>\d+)\)", "means_product"),
        (r"RuntimeError: Expected size for first two dimensions of batch2", "means_batched_product"),
        (
            r"RuntimeError: .*size of tensor a \((?P<a>\d+)\) must match .*tensor b \((?P<b>\d+)\) .*"
            r"dimension (?P<axis>\d+)",
            "means_elementwise",
        ),
        (
            r"RuntimeError: Sizes of tensors must match except in dimension (?P<axis>\d+)\. "
            r"Expected size (?P<a>\d+) but got size (?P<b>\d+)",
            "means_cat",
        ),
        (r"RuntimeError: stack expects each tensor to be equal size", "means_stack"),
        (
            r"RuntimeError: Tensors must have same number of dimensions: got (?P<a>\d+) and (?P<b>\d+)",
            "means_axes_count",
        ),
        (
            r"RuntimeError: Given groups=.*expected input\[(?P<shape>[\d, ]+)\] to have (?P<wanted>\d+) channels, "
            r"but got (?P<came>\d+)",
            "means_channels",
        ),
        (
            r"RuntimeError: Expected .*4D \(batched\) input to conv2d, but got input of size: \[(?P<shape>.*?)\]",
            "means_conv_axes",
        ),
        (r"ValueError: expected 4D input \(got (?P<count>\d+)D input\)", "means_norm_axes"),
        (r"(RuntimeError|AssertionError): .*unbatched 2-?D or batched 3-?D", "means_attention_axes"),
        (
            r"AssertionError: was expecting embedding dimension of (?P<wanted>\d+), but got (?P<came>\d+)",
            "means_attention_width",
        ),
        (r"RuntimeError: shape '\[(?P<shape>.*?)\]' is invalid for input of size (?P<count>\d+)", "means_reshape"),
        (r"RuntimeError: view size is not compatible", "means_view"),
        (r"RuntimeError: permute\(", "means_permute"),
        (r"RuntimeError: The expanded size of the tensor", "means_expand"),
        (r"(RuntimeError|ValueError): .*einsum", "means_einsum"),
        (
            r"ValueError: not enough values to unpack \(expected (?:at least )?(?P<wanted>\d+), got (?P<came>\d+)\)",
            "means_unpack_few",
        ),
        (r"ValueError: too many values to unpack \(expected (?P<wanted>\d+)", "means_unpack_many"),
        # Indices and keys
        (
            r"(?:Index|Runtime)Error: index (?P<index>-?\d+) is out of bounds for (?:dimension|axis) (?P<axis>\d+) "
            r"with size (?P<size>\d+)",
            "means_index_axis",
        ),
        (r"IndexError: Target (?P<target>-?\d+) is out of bounds", "means_target"),
        (r"RuntimeError: Class values must be smaller than num_classes", "means_one_hot"),
        (r"IndexError: too many indices", "means_too_many_indices"),
        (
            r"IndexError: Dimension out of range \(expected .* range of (?P<range>\[.*?\]), but got (?P<axis>-?\d+)\)",
            "means_axis",
        ),
        (r"IndexError: (?P<kind>list|tuple|string) (?:assignment )?index out of range", "means_index"),
        (r"IndexError: The shape of the mask", "means_mask"),
        (r"IndexError: (tensors used as indices|.*only integers, slices)", "means_index_kind"),
        (r"KeyError: (?P<key>.+)", "means_key"),
        # Numbers that are one, or not
        (r"RuntimeError: Boolean value of Tensor with more than one value", "means_truth"),
        (r"(RuntimeError|ValueError): .*(cannot be converted to Scalar|only one element tensors)", "means_scalar"),
        # Gradients, dtypes and devices
        (r"RuntimeError: Can't call numpy\(\) on Tensor that requires grad", "means_numpy_grad"),
        (r"RuntimeError: .*leaf Variable that requires grad", "means_leaf"),
        (r"RuntimeError: .*modified by an inplace operation", "means_inplace"),
        (r"RuntimeError: element \d+ of tensors does not require grad", "means_no_grad"),
        (r"(RuntimeError|AssertionError): .*(no NVIDIA driver|not compiled with CUDA)", "means_no_gpu"),
        (r"RuntimeError: Expected all tensors to be on the same device", "means_device"),
        (
            r"RuntimeError: .*(same dtype|expected scalar type|should be the same|can't be cast|expected m1 and m2)",
            "means_dtype",
        ),
        (
            r"(Runtime|NotImplemented)Error: .*(Expected a floating point|floating point or complex)",
            "means_floating",
        ),
        # The rest
        (r"(AssertionError|ValueError|TypeError|RuntimeError): .*____", "means_blank_unknown"),
        (r"ZeroDivisionError", "means_zero"),
        (r"RecursionError", "means_recursion"),
        (r"FileNotFoundError", "means_file"),
        (r"TooLarge", "means_too_large"),
        (r"AssertionError", "means_assert"),
        (r"SystemExit", "means_exit"),
    )
]


def meaning(error: str, message: str) -> str:
    """One sentence on what this exception usually means, or how to find out where no row fits."""
    text = f"{error}: {message}"
    for pattern, sentence in MEANINGS:
        if found := pattern.match(text):
            if sentence == "means_weights":
                return say(sentence, what=_misfits(message))
            return say(sentence, **{name: value or "" for name, value in found.groupdict().items()})
    return say("means_unknown")


def _misfits(message: str) -> str:
    """Which keys of weights a module lacks, has too many of, or has in another size."""
    said = []
    for sentence, pattern in (
        ("weights_missing", r"Missing key\(s\) in state_dict:(.*)"),
        ("weights_unexpected", r"Unexpected key\(s\) in state_dict:(.*)"),
    ):
        if found := re.search(pattern, message):
            said.append(say(sentence, names=_few(re.findall(r'"([^"]+)"', found[1]))))
    if names := re.findall(r"size mismatch for ([\w.]+):", message):
        said.append(say("weights_size", names=_few(names)))
    return "; ".join(said) or message.partition("\n")[2].strip()


def _few(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")


def sizes_in(message: str, letters: Letters) -> str:
    """The letters of the sizes that an exception's message speaks of, "Q = 7, D = 10"; "" where it names none."""
    numbers = {int(number) for number in re.findall(r"(?<![A-Za-wyz_\d])\d{1,9}", message)}  # not of "mat1"
    return ", ".join(f"{letter} = {size}" for letter, size in letters.items() if size in numbers)
