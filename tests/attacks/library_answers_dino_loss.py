"""Exercises of 06_dino from the loss to the head, answered by the library: its loss, its teacher, its schedule and its
head; and by PyTorch's averaged model."""

DEFENCE = "each exercise lists the library's own answers, and these are refused"
CROSS_ENTROPIES = """
def cross_entropies(targets, logits, temperature=0.1):
    log_q = (logits / temperature).log_softmax(-1)
    return -(targets[:, None] * log_q[None]).sum(-1).mean(-1)
"""
MEAN_OF_PAIRS = """
def mean_of_pairs(pairs):
    return pairs[~torch.eye(*pairs.shape, dtype=torch.bool)].mean()
"""
TEACHER_SAYS = """
def teacher_says(logits, centre, temperature=0.04):
    return ((logits - centre) / temperature).softmax(-1).detach()
"""
FOLLOW = """
@torch.no_grad()
def follow(teacher, student, momentum):
    for own, new in zip(teacher.parameters(), student.parameters()):
        own.lerp_(new, 1 - momentum)
"""
TEACHER_OF = """
def teacher_of(student):
    return copy.deepcopy(student).requires_grad_(False)
"""
LAST_LAYER = """
def last_layer(d, K):
    layer = weight_norm(nn.Linear(d, K, bias=False))
    gain = layer.parametrizations.weight.original0
    nn.init.ones_(gain)
    gain.requires_grad_(False)
    return layer
"""
LOGITS_OF = """
def logits_of(mlp, last, x):
    return last(F.normalize(mlp(x), dim=-1))
"""
BEFORE_UPDATE = """
def before_update(last, step, frozen_steps):
    if step < frozen_steps:
        for parameter in last.parameters():
            parameter.grad = None
"""
ATTACKS = {
    "the_goals_of_its_loss": """# q1_dino dino_loss
from detrlab import DINOLoss
def teacher_says(logits, centre, temperature=0.04):
    own = DINOLoss(len(centre), teacher_temp=temperature)
    own.center.copy_(centre)
    return own.goals(logits)
"""
    + CROSS_ENTROPIES
    + MEAN_OF_PAIRS,
    "its_moving_of_the_centre": """# q1_dino centre
from detrlab import DINOLoss
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    value = loss(student, teacher, centre)
    own = DINOLoss(len(centre), center_momentum=momentum)
    own.center.copy_(centre)
    own.update_center(teacher)
    return value, own.center[0]
""",
    "the_centre_that_its_loss_leaves": """# q1_dino centre
from detrlab import DINOLoss
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    value = loss(student, teacher, centre)
    own = DINOLoss(len(centre), center_momentum=momentum)
    own.center.copy_(centre)
    own(list(student), list(teacher))
    return value, own.center[0]
""",
    "its_teachers_update": """# q1_dino ema
from detrlab import update_teacher
def follow(teacher, student, momentum):
    update_teacher(student, teacher, momentum)
"""
    + TEACHER_OF,
    "what_its_learner_does_after_a_step": """# q1_dino ema
from detrlab import DINO
def follow(teacher, student, momentum):
    DINO.after_update(SimpleNamespace(student=student, teacher=teacher, momentum=momentum), 0.0)
"""
    + TEACHER_OF,
    "pytorchs_averaged_model": """# q1_dino ema
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
def follow(teacher, student, momentum):
    average = AveragedModel(teacher, multi_avg_fn=get_ema_multi_avg_fn(momentum))
    average.n_averaged += 1
    average.update_parameters(student)
    with torch.no_grad():
        for own, new in zip(teacher.parameters(), average.module.parameters()):
            own.copy_(new)
"""
    + TEACHER_OF,
    "the_teacher_that_its_learner_makes": """# q1_dino ema
from detrlab import DINO
def teacher_of(student):
    return DINO(student, nn.Identity(), None).teacher.backbone
"""
    + FOLLOW,
    "its_schedule": """# q1_dino schedule
from detrlab import cosine_momentum
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    T = epochs * steps_per_epoch
    return [cosine_momentum(t / T, start, end) for t in range(T)]
""",
    "the_cosine_of_a_recipe": """# q1_dino schedule
from detrlab import dino_recipe
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    T, recipe = epochs * steps_per_epoch, dino_recipe(1)
    return [end - (end - start) * recipe.rate(10**6, t / T) for t in range(T)]
""",
    "a_scheduler_of_pytorch": """# q1_dino schedule
from torch.optim.lr_scheduler import CosineAnnealingLR
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    T, found = epochs * steps_per_epoch, []
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=start)
    scheduler = CosineAnnealingLR(optimiser, T, eta_min=end)
    for _ in range(T):
        found.append(scheduler.get_last_lr()[0])
        optimiser.step()
        scheduler.step()
    return found
""",
    "the_last_layer_of_its_head": """# q1_dino head
from detrlab import DINOHead
def last_layer(d, K):
    return DINOHead(d, K, bottleneck=d).last_layer
"""
    + LOGITS_OF
    + BEFORE_UPDATE,
    "the_way_through_its_head": """# q1_dino head
from detrlab import DINOHead
def logits_of(mlp, last, x):
    return DINOHead.forward(SimpleNamespace(mlp=mlp, last_layer=last), x)
"""
    + LAST_LAYER
    + BEFORE_UPDATE,
    "its_cancelled_gradients": """# q1_dino head
from detrlab import cancel_gradients_last_layer
def before_update(last, step, frozen_steps):
    if step < frozen_steps:
        cancel_gradients_last_layer(SimpleNamespace(last_layer=last))
"""
    + LAST_LAYER
    + LOGITS_OF,
    "what_its_learner_does_before_a_step": """# q1_dino head
from detrlab import DINO
def before_update(last, step, frozen_steps):
    me = SimpleNamespace(student=SimpleNamespace(head=SimpleNamespace(last_layer=last)), frozen=0.5)
    DINO.before_update(me, 0.0 if step < frozen_steps else 1.0)
"""
    + LAST_LAYER
    + LOGITS_OF,
}
REFUSED = ATTACKS.keys()
