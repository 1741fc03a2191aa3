'''PyTorch on the recipe of `scores::penguins` in tests/training/scores.rs, seeds 0 to 4: mean and standard deviation of R² on the test rows.

pip install numpy torch
python benches/peers/penguins.py
'''

import csv
import pathlib

import numpy as np
import torch

COLUMNS = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g']
path = pathlib.Path(__file__).parents[2] / 'data' / 'penguins.csv'
rows = [row for row in csv.DictReader(path.open()) if all(row[name] not in ('', 'NA') for name in COLUMNS)]
data = np.array([[float(row[name]) for name in COLUMNS] for row in rows])
train = np.arange(len(data)) % 5 != 0
scaled = torch.tensor((data - data[train].mean(0)) / data[train].std(0))
x, y = scaled[:, :3], scaled[:, 3:]
torch.set_num_threads(1)
scores = []
for seed in range(5):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)).double()
    adam = torch.optim.Adam(net.parameters(), 1e-3)
    own_x, own_y = x[train], y[train]
    for _ in range(200):
        for batch in torch.randperm(len(own_x)).split(32):
            adam.zero_grad()
            squares = sum((layer.weight**2).sum() for layer in (net[0], net[2]))
            loss = 0.5 * ((net(own_x[batch]) - own_y[batch]) ** 2).mean() + 0.5 * 1e-2 * squares
            loss.backward()
            adam.step()
    with torch.no_grad():
        error = ((net(x[~train]) - y[~train]) ** 2).sum()
    scores.append(1 - float(error / ((y[~train] - y[~train].mean()) ** 2).sum()))
print(f'{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}', [round(score, 4) for score in scores])
