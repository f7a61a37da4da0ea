# %% style="other small cases"
at_threshold = case(boxes=[[0, 0, 20, 10]], scores=[0.5], objects=[[0, 0, 10, 10]])
# detection 1 fits the later object only (IoU .6); the one before it overlaps both equally
equal_ious = case([[0, 0, 10, 10], [0, 4, 10, 14]], [0.8, 0.3], [[0, -2, 10, 8], [0, 2, 10, 12]])
in_crowd = case([[1, 1, 3, 3], [40, 40, 50, 50]], [0.9, 0.2], [[0, 0, 30, 30], [40, 40, 50, 50]], [True, False])
equal_scores = case([[90, 90, 95, 95], [0, 0, 8, 8]], [0.5, 0.5], [[0, 0, 8, 8]])


# %% style="cases with several detections each"
at_threshold = case([[0, 0, 10, 10], [30, 0, 40, 10]], [0.9, 0.8], [[0, 0, 10, 10], [30, 0, 40, 20]])
equal_ious = case(
    boxes=[[5, 0, 15, 10], [0, 0, 9, 10], [50, 50, 60, 60]],
    scores=[0.9, 0.8, 0.7],
    objects=[[8, 0, 18, 10], [2, 0, 12, 10], [50, 50, 60, 60]],
)
# without the crowd, one of two detections in it would be a false alarm, and more
in_crowd = case(
    boxes=[[0, 0, 20, 20], [0, 0, 20, 20], [60, 60, 70, 70]],
    scores=[0.9, 0.8, 0.7],
    objects=[[0, 0, 20, 20], [60, 60, 70, 70]],
    crowd=[True, False],
)
equal_scores = case([[0, 0, 5, 5], [20, 20, 30, 30]], [0.25, 0.25], [[20, 20, 30, 30]])


# %% style="built with numpy"
square = np.array([0.0, 0, 8, 8])
right = np.array([1.0, 0, 1, 0])
at_threshold = case([square], [1.0], [square * [1, 1, 0.5, 1]])
equal_ious = case([square, square + 3 * right], [0.6, 0.5], [square - 2 * right, square + 2 * right])
in_crowd = case(np.stack([square, square + 50]), [0.6, 0.5], np.stack([square * 4, square + 50]), np.array([True, False]))
equal_scores = case(np.stack([square + 50, square]), np.array([0.1, 0.1]), square[None])
