"""Where each query's boxes lie (the paper's figure 7), by their size."""

import numpy as np
import torch

from detrlab.figures.detections import plot_query_slots
from tests.detrlab.figures.test_plots import assert_nothing_cut_off


def test_query_slots_by_kind():
    """Query 0: one small, two wide, one high box; a third of the picture is the limit."""
    boxes_cxcywh = torch.tensor(
        [[0.1, 0.2, 0.3, 0.3], [0.3, 0.4, 0.6, 0.3], [0.5, 0.5, 0.4, 0.4], [0.7, 0.6, 0.2, 0.5]]
    )
    figure = plot_query_slots(boxes_cxcywh[:, None].expand(4, 23, 4))
    assert len(figure.axes) == 20
    assert "4 pictures" in figure.get_suptitle()
    small, wide, high = (scatter.get_offsets().tolist() for scatter in figure.axes[0].collections)
    np.testing.assert_allclose(small, [[0.1, 0.2]])
    np.testing.assert_allclose(wide, [[0.3, 0.4], [0.5, 0.5]])
    np.testing.assert_allclose(high, [[0.7, 0.6]])
    assert figure.axes[0].get_ylim() == (1, 0)
    assert_nothing_cut_off(figure)
    assert_nothing_cut_off(plot_query_slots(boxes_cxcywh[:, None].expand(4, 23, 4), [22]))
