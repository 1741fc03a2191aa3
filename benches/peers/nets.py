"""The networks of the jobs in PyTorch, with PyTorch's own start."""
from torch import nn


def dense(widths, activation):
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), activation()]
    return nn.Sequential(*layers[:-1])


def convolution():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


class Recurrent(nn.Module):
    """A cell over sequences, and an affine map of the state after the last step that counts."""

    def __init__(self, cell, features, hidden, outputs, lengths):
        super().__init__()
        self.cell, self.features, self.lengths = cell(features, hidden, batch_first=True), features, lengths
        self.last = nn.Linear(hidden, outputs)

    def forward(self, x):
        steps = x[:, int(self.lengths):].reshape(len(x), -1, self.features)
        if self.lengths:
            steps = nn.utils.rnn.pack_padded_sequence(steps, x[:, 0].long(), batch_first=True, enforce_sorted=False)
        _, h = self.cell(steps)
        return self.last((h[0] if isinstance(h, tuple) else h)[0])
