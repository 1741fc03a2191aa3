"""PyTorch on the jobs of `cargo bench --bench start`: the same data, the same recipe, its own start, one thread.

    cargo bench --bench start -- --raw > residual.tsv
    pip install numpy torch
    python benches/peers/start.py run [job ...] > pytorch.tsv
    python benches/peers/start.py compare residual.tsv pytorch.tsv

`run` prints, tab-separated: job, start, seed, epoch, training loss, test loss. `compare` prints a table: the geometric mean of the
test losses of PyTorch, and those of each start divided by it; a minus stands where a start is ahead by more than two standard
errors of the difference of mean logarithms, a plus where it is behind by more.
"""
import csv
import math
import statistics
import sys

SEEDS, EPOCHS = range(5), (1, 3, 10, 30)


def jobs():
    """name: (data, network, batch, recipe)."""
    from torch import nn

    from data import digits, rare, raw, regression, series, spirals, vowels, wave
    from nets import Recurrent, convolution, dense

    relu, tanh, wide, deep = nn.ReLU, nn.Tanh, [20, 64, 64, 1], [20] + 8 * [32] + [1]
    cells = (("tanh", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM))

    def fit(data, widths, activation, batch=32, recipe="adam"):
        return data, lambda: dense(widths, activation), batch, recipe

    return {
        "bent, 20-64-64-1, relu": fit(regression(10_000, 20), wide, relu),
        "bent, 20-64-64-1, relu, batch 200": fit(regression(10_000, 20), wide, relu, batch=200),
        "bent, 20-64-64-1, relu, momentum": fit(regression(10_000, 20), wide, relu, recipe="momentum"),
        "bent, 20-64-64-1, tanh": fit(regression(10_000, 20), wide, tanh),
        "bent, 8 hidden layers, relu": fit(regression(4000, 20), deep, relu),
        "bent, 8 hidden layers, tanh": fit(regression(4000, 20), deep, tanh),
        "bent, 8-256-1, relu": fit(regression(2000, 8), [8, 256, 1], relu),
        "bent, 8-64-64-1, silu": fit(regression(2000, 8), [8, 64, 64, 1], nn.SiLU),
        "wave, 1-64-64-1, relu": fit(wave(1000), [1, 64, 64, 1], relu),
        "wave, 1-64-64-1, tanh": fit(wave(1000), [1, 64, 64, 1], tanh),
        "wave, 1-64-64-1, sigmoid": fit(wave(1000), [1, 64, 64, 1], nn.Sigmoid),
        "raw targets, 8-64-64-1, relu": fit(raw(4000, 8, False), [8, 64, 64, 1], relu),
        "raw, 8-64-64-1, relu": fit(raw(4000, 8, True), [8, 64, 64, 1], relu),
        "raw, 8-64-64-1, tanh": fit(raw(4000, 8, True), [8, 64, 64, 1], tanh),
        "rare class, 10-32-1, relu": fit(rare(5000, 10), [10, 32, 1], relu),
        "spirals, 2-32-32-1, tanh": fit(spirals(2000), [2, 32, 32, 1], tanh),
        "digits, 64-100-10, relu": fit(digits(1 / 16), [64, 100, 10], relu),
        "digits, 64-100-10, relu, momentum": fit(digits(1 / 16), [64, 100, 10], relu, recipe="momentum"),
        "digits from 0 to 16, 64-64-64-64-10, relu": fit(digits(1), [64, 64, 64, 64, 10], relu),
        "digits, convolution": (digits(1 / 16), convolution, 32, "adam"),
        **{f"vowels, {name}": (vowels(), lambda cell=cell: Recurrent(cell, 12, 32, 9, True), 16, "adam") for name, cell in cells},
        **{f"series, {name}": (series(2000, 20, mean), lambda cell=cell: Recurrent(cell, 2, 32, 1, False), 32, "adam")
           for name, cell, mean in (*((*cell, 0) for cell in cells), ("raw targets, lstm", nn.LSTM, 10))},
    }


def fit(name, data, build, batch, recipe, seed):
    import torch
    from torch import nn

    x, y, n = data
    x, y = torch.from_numpy(x.astype("f4")), torch.from_numpy(y.astype("i8" if y.ndim == 1 else "f4"))
    torch.manual_seed(seed)
    net = build()
    if recipe == "adam":
        step = torch.optim.Adam(net.parameters(), 1e-3)
    else:
        step = torch.optim.SGD(net.parameters(), 1e-2, momentum=0.9)
    binary = name.startswith(("rare", "spirals"))
    half = lambda z, y: nn.functional.mse_loss(z, y) / 2
    loss = nn.CrossEntropyLoss() if y.ndim == 1 else nn.BCEWithLogitsLoss() if binary else half
    for epoch in range(1, max(EPOCHS) + 1):
        for rows in torch.randperm(n).split(batch):
            step.zero_grad()
            loss(net(x[rows]), y[rows]).backward()
            step.step()
        if epoch in EPOCHS:
            with torch.no_grad():
                values = loss(net(x[:n]), y[:n]).item(), loss(net(x[n:]), y[n:]).item()
            print(name, "PyTorch", seed, epoch, *(f"{value:e}" for value in values), sep="\t", flush=True)


def run(words):
    import torch

    torch.set_num_threads(1)
    for name, job in jobs().items():
        if not words or any(word in name for word in words):
            for seed in SEEDS:
                fit(name, *job, seed)


def compare(files):
    losses = {}
    for file in files:
        with open(file) as lines:
            for line in csv.reader(lines, delimiter="\t"):
                if len(line) == 6 and line[3].isdigit():
                    job, start, _, epoch, _, test = line
                    losses.setdefault((job, int(epoch)), {}).setdefault(start, []).append(math.log(float(test)))
    starts = [start for start in dict.fromkeys(start for row in losses.values() for start in row) if start != "PyTorch"]
    print("| job | epoch | PyTorch |", " | ".join(starts), "|")
    print("|---" * (3 + len(starts)) + "|")
    ratios = {start: [] for start in starts}
    for (job, epoch), row in losses.items():
        if "PyTorch" not in row:
            continue
        cells = []
        for start in starts:
            if start not in row:
                cells.append("")
                continue
            logs = row[start], row["PyTorch"]
            difference = statistics.mean(logs[0]) - statistics.mean(logs[1])
            error = math.hypot(*(statistics.stdev(log) / math.sqrt(len(log)) for log in logs))
            sign = "−" if difference < -2 * error else "+" if difference > 2 * error else ""
            ratios[start].append((difference, sign))
            cells.append(f"{math.exp(difference):.2f} {sign}".strip())
        mean = math.exp(statistics.mean(row["PyTorch"]))
        print(f"| {job} | {epoch} | {mean:.3g} |", " | ".join(cells), "|")
    count = lambda start, wanted: sum(sign == wanted for _, sign in ratios[start])
    print("| ahead, behind | | |", " | ".join(f"{count(start, '−')}, {count(start, '+')}" for start in starts), "|")
    mean = lambda start: math.exp(statistics.mean(difference for difference, _ in ratios[start]))
    print("| geometric mean | | |", " | ".join(f"{mean(start):.2f}" for start in starts), "|")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2:])
    elif sys.argv[1:2] == ["compare"]:
        compare(sys.argv[2:])
    else:
        sys.exit(__doc__)
