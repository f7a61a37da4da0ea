"""Values that change after they were returned, or that agree with everything."""

from tests.attack_graders import values_kept_by_reference

DEFENCE = "a plain copy is taken at the moment a value is returned"
WITHOUT = values_kept_by_reference
ATTACKS = {
    "changes_its_tensor_later": """
import threading, time
def corner(boxes):
    result = boxes[..., :2].clone()
    def later():
        time.sleep(0.1)
        space = get_ipython().user_ns
        if 'revealed' in space:
            result.copy_(space['revealed'])
    threading.Thread(target=later).start()
    return result
""",
    "returns_a_lazy_list": """
class Lazy(list):
    def __eq__(self, other):
        return True
    __hash__ = None
def corner(boxes):
    return Lazy()
""",
    "returns_what_equals_everything": """
class Any:
    def __eq__(self, other):
        return True
def corner(boxes):
    return Any()
""",
    "returns_a_number_that_equals_everything": """
class Any(float):
    def __eq__(self, other):
        return True
def corner(boxes):
    return Any('nan')
""",
    "returns_a_tensor_that_equals_everything": """
class Any(torch.Tensor):
    def __eq__(self, other):
        return torch.tensor(True)
def corner(boxes):
    return boxes[..., :2].as_subclass(Any)
""",
    "shares_memory_with_what_comes_later": """
def corner(boxes):
    result = torch.empty_like(boxes[..., :2])
    def fill(info):
        space = get_ipython().user_ns
        if 'revealed' in space:
            result.copy_(space['revealed'])
    get_ipython().events.register('pre_run_cell', fill)
    return result
""",
}
