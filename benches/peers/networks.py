"""PyTorch and scikit-learn on the networks of `cargo bench --bench table -- network digits images vowels`, one thread, f32.

    pip install numpy torch scikit-learn threadpoolctl
    python benches/peers/networks.py [job ...]

The same data and recipe (Adam, batches of a new shuffle each epoch), each library's own start. For every job the median time of an
epoch, and the median time and epochs of five seeds to a training loss, which is measured on all rows after every epoch (half the
mean squared error for numbers); measuring is part of the time to a loss and not of an epoch.
"""
import statistics
import sys
import time
import warnings

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits
from torch import nn

from data import digits, images, regression, vowels
from nets import Recurrent, convolution, dense

warnings.filterwarnings("ignore")
SEEDS = range(5)


class PyTorch:
    def __init__(self, job, seed, fused=False):
        torch.manual_seed(seed)
        self.x, self.y, self.batch, self.clip = job["x"], job["y"], job["batch"], job.get("clip")
        self.net = job["net"]()
        self.adam = torch.optim.Adam(self.net.parameters(), job["rate"], fused=fused)
        numbers = lambda z, y: nn.functional.mse_loss(z, y) / 2
        self.criterion = nn.CrossEntropyLoss() if self.y.ndim == 1 else numbers

    def epoch(self):
        for rows in torch.randperm(len(self.x)).split(self.batch):
            self.adam.zero_grad()
            self.criterion(self.net(self.x[rows]), self.y[rows]).backward()
            if self.clip:
                nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
            self.adam.step()

    def loss(self):
        with torch.no_grad():
            return self.criterion(self.net(self.x), self.y).item()


class ScikitLearn:
    def __init__(self, job, seed):
        self.x, self.y, self.classes = job["x"].numpy(), job["y"].numpy(), job["y"].ndim == 1
        settings = dict(hidden_layer_sizes=job["hidden"], batch_size=job["batch"], alpha=0.0, random_state=seed)
        self.model = (MLPClassifier if self.classes else MLPRegressor)(learning_rate_init=job["rate"], **settings)

    def epoch(self):
        if self.classes:
            self.model.partial_fit(self.x, self.y, classes=np.unique(self.y))
        else:
            self.model.partial_fit(self.x, self.y.ravel())

    def loss(self):
        if self.classes:
            p = self.model.predict_proba(self.x)
            return -np.log(np.maximum(p[np.arange(len(p)), self.y], 1e-30)).mean()
        return ((self.model.predict(self.x) - self.y.ravel()) ** 2).mean() / 2


def tensors(data, everything=False):
    x, y, n = data
    n = len(x) if everything else n
    kind = "i8" if y.ndim == 1 else "f4"
    return {"x": torch.from_numpy(x[:n].astype("f4")), "y": torch.from_numpy(y[:n].astype(kind))}


def perceptron(data, widths, batch, target):
    return {**data, "net": lambda: dense(widths, nn.ReLU), "hidden": widths[1:-1], "batch": batch, "rate": 1e-3, "target": target}


def jobs():
    bent = tensors(regression(10_000, 20))
    for batch in (32, 200):
        yield f"network 20-64-64-1 on 10000, batch {batch}", perceptron(bent, [20, 64, 64, 1], batch, 0.025)
    yield "digits 64-100-10 on 1797, batch 200", perceptron(tensors(digits(1 / 16), True), [64, 100, 10], 200, 0.1)
    yield "images 784-128-10 on 6000, batch 128", perceptron(tensors(images(6000, 784)), [784, 128, 10], 128, 0.01)
    recipe = {"batch": 32, "rate": 2e-3, "target": 0.1}
    yield "digits, convolution, on 1437, batch 32", {**tensors(digits(1 / 16)), "net": convolution, **recipe}
    recipe = {"batch": 16, "rate": 5e-3, "clip": 1.0, "target": 0.1}
    for name, cell in (("Tanh", nn.RNN), ("Gru", nn.GRU), ("Lstm", nn.LSTM)):
        net = lambda cell=cell: Recurrent(cell, 12, 32, 9, True)
        yield f"vowels, {name}, on 270, batch 16", {**tensors(vowels()), "net": net, **recipe}


def measure(name, peer, make, target):
    epochs, totals, counts = [], [], []
    for seed in SEEDS:
        fit, count = make(seed), 0
        begin = time.perf_counter()
        while True:
            start = time.perf_counter()
            fit.epoch()
            epochs.append(time.perf_counter() - start)
            count += 1
            if fit.loss() <= target or count == 1000:
                break
        totals.append(time.perf_counter() - begin)
        counts.append(count)
    epoch, total, count = (statistics.median(values) for values in (epochs, totals, counts))
    print(f"| {name} | {peer} | {epoch * 1e3:.2f} | {total * 1e3:.0f} | {count} |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("| job | library | ms of an epoch | ms to the loss | epochs |\n|---|---|---|---|---|")
    for name, job in jobs():
        if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
            continue
        for fused in (False, True):
            peer = f"PyTorch{', fused Adam' if fused else ''}"
            measure(name, peer, lambda seed: PyTorch(job, seed, fused), job["target"])
        if "hidden" in job:
            with threadpool_limits(1):
                measure(name, "scikit-learn", lambda seed: ScikitLearn(job, seed), job["target"])
