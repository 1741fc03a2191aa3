"""Least squares where columns depend on each other, rows are missing or weigh nothing, or no freedom is left: makes the
cases of edge_cases.json that are marked `exact`.

As R's lm, a column that depends on those before it has no coefficient ("NA"). `minimum_norm` is the shortest vector of
coefficients besides a free intercept. `columns` may hold a multiple, `453.592 airflow`, and `one`. Needs mpmath.
"""

from exact import *

TINY = mpf(10) ** -60


def column(rows, name):
    if name == "one":
        return [mpf(1)] * len(rows)
    if " " in name and "=" not in name:
        factor, name = name.split(" ")
        return [mpf(factor) * v for v in values(rows, name)]
    return values(rows, name)


def independent(x):
    """The columns that do not depend on those before them."""
    kept, basis = [], []
    for j, v in enumerate(x):
        rest = list(v)
        for q in basis:
            share = dot(q, rest) / dot(q, q)
            rest = [r - share * u for r, u in zip(rest, q)]
        if dot(rest, rest) > TINY * dot(v, v):
            kept.append(j)
            basis.append(rest)
    return kept


def solve(x, y):
    """The coefficients of the columns x, and (X'X)^-1."""
    b = inverse([[dot(u, v) for v in x] for u in x])
    return times(b, [dot(u, y) for u in x]), b


def shortest(x, y):
    """By the full-rank factorization X = F G of the centred columns: G'(G G')^-1 (F'F)^-1 F' y."""
    x = [[v - mp.fsum(c) / len(c) for v in c] for c in x]
    kept = [j for j in independent(x) if dot(x[j], x[j]) > TINY]
    f = [x[j] for j in kept]
    g = [solve(f, c)[0] for c in x]
    u = times(inverse(cross(g)), solve(f, y)[0])
    return [dot(row, u) for row in g]


def answer(case):
    rows = read(case["data"], case.get("complete", []))[: case.get("first_rows")]
    weights = [mpf(i >= case.get("zero_weights", 0)) for i in range(len(rows))]
    used = [row for row, w in zip(rows, weights) if w]
    names = ["intercept"] + case["columns"]
    x, y, n = [column(used, name) for name in names], values(used, case["y"]), len(used)
    kept = independent(x)
    coef, b = solve([x[j] for j in kept], y)
    every = [column(rows, names[j]) for j in kept]
    out = {"coef": [coef[kept.index(j)] if j in kept else "NA" for j in range(len(names))], "coef_names": names}
    fitted = [dot(coef, [c[i] for c in every]) for i in range(len(rows))]
    out |= {"rank": len(kept), "df_resid": n - len(kept), "fitted_first5": fitted[:5]}
    if n > len(kept):
        df, p = n - len(kept), len(kept)
        fits = [dot(coef, [x[j][i] for j in kept]) for i in range(n)]
        rss = mp.fsum((v - f) ** 2 for v, f in zip(y, fits))
        tss = mp.fsum((v - mp.fsum(y) / n) ** 2 for v in y)
        se = [mp.sqrt(rss / df * b[j][j]) for j in range(p)]
        t = [c / s for c, s in zip(coef, se)]
        out |= {"se_of_estimable": se, "t_of_estimable": t, "p_of_estimable": [t_tail(v, df) for v in t]}
        out |= {"rss": rss, "sigma": mp.sqrt(rss / df), "r2": 1 - rss / tss, "adj_r2": 1 - rss / df / (tss / (n - 1))}
        if p > 1:
            out["f"] = [(tss - rss) / (p - 1) / (rss / df), mpf(p - 1), mpf(df)]
    made = dict(case) | {"exact": out}
    return made | ({"minimum_norm": shortest(x[1:], y)} if len(kept) < len(names) else {})


MEANS = ["mean_radius", "mean_texture", "mean_perimeter", "mean_area", "mean_smoothness"]
CASES = [
    {"id": "duplicate_column", "data": "stackloss.csv", "y": "stackloss", "columns": ["airflow", "453.592 airflow",
        "watertemp"]},
    {"id": "dummy_trap", "data": "iris.csv", "y": "petal_length", "columns": ["species=setosa", "species=versicolor",
        "species=virginica"]},
    {"id": "constant_column", "data": "stackloss.csv", "y": "stackloss", "columns": ["one", "airflow"]},
    {"id": "more_columns_than_rows", "data": "breast_cancer.csv", "first_rows": 4, "y": "worst_radius",
        "columns": MEANS},
    {"id": "saturated", "data": "breast_cancer.csv", "first_rows": 3, "y": "worst_radius", "columns": MEANS[:2]},
    {"id": "intercept_only", "data": "stackloss.csv", "y": "stackloss", "columns": []},
    {"id": "zero_weights", "data": "stackloss.csv", "y": "stackloss", "columns": ["airflow"], "zero_weights": 5},
    {"id": "missing_rows", "data": "penguins.csv", "y": "body_mass_g", "columns": ["bill_length_mm", "bill_depth_mm"],
        "complete": ["body_mass_g", "bill_length_mm", "bill_depth_mm"]},
]
# Cases of the file on data that may not be copied, or that a test writes down itself.
GONE = ["constant_y", "perfect_fit", "rank_deficient_logit", "all_zero_poisson_group", "gamma_nonpositive"]

if __name__ == "__main__":
    put("edge_cases.json", map(answer, CASES), GONE)
