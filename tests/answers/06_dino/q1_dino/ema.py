# %% style="as in the official code: data"
def follow(teacher, student, momentum):
    for param_q, param_k in zip(student.parameters(), teacher.parameters()):
        param_k.data.mul_(momentum).add_((1 - momentum) * param_q.detach().data)


def teacher_of(student):
    teacher = copy.deepcopy(student)
    for p in teacher.parameters():
        p.requires_grad = False
    return teacher


# %% style="lerp by name, deep copy with weights loaded"
@torch.no_grad()
def follow(teacher, student, momentum):
    new = dict(student.named_parameters())
    for name, own in teacher.named_parameters():
        own.lerp_(new[name], 1 - momentum)


def teacher_of(student):
    teacher = copy.deepcopy(student).eval()
    teacher.load_state_dict(student.state_dict())
    for p in teacher.parameters():
        p.requires_grad_(False)
    return teacher


# %% style="copy_ of a new tensor"
def follow(teacher, student, momentum):
    with torch.no_grad():
        pairs = list(zip(list(teacher.parameters()), list(student.parameters()), strict=True))
        for own, new in pairs:
            own.copy_(new + momentum * (own - new))


def teacher_of(student):
    was = [p.requires_grad for p in student.parameters()]
    student.requires_grad_(False)
    teacher = copy.deepcopy(student)
    for p, wanted in zip(student.parameters(), was):
        p.requires_grad_(wanted)
    return teacher
