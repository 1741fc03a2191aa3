"""Least squares, ridge, lasso: makes the cases on free data of ols.json, ridge.json and lasso_elastic_net.json.

`python make_linear.py` writes them; `python make_linear.py check` makes every case of the three files again, also those
that other software was held against, and prints the differences. Needs mpmath; lasso needs scikit-learn.
"""

import sys

from exact import *


def ols(case):
    """Every number of a case from its id, data, y, columns, intercept, weights, and the rows and points it asks for."""
    needed = case["rows_used"].rsplit(" in ")[-1].split(", ") if "rows_used" in case else []
    rows = read(case["data"], needed)
    x, y = design(rows, case["columns"]), values(rows, case["y"])
    n, p = len(x), len(x[0])
    w = values(rows, case["weights"]) if case.get("weights") else [mpf(1)] * n
    df = n - p
    b_matrix = inverse(cross(x, w))
    coef = times(b_matrix, [mp.fsum(wi * r[j] * yi for wi, r, yi in zip(w, x, y)) for j in range(p)])
    fitted = [dot(r, coef) for r in x]
    e = [yi - f for yi, f in zip(y, fitted)]
    rss = mp.fsum(wi * ei * ei for wi, ei in zip(w, e))
    mean = dot(w, y) / mp.fsum(w) if case["intercept"] else mpf(0)
    tss = mp.fsum(wi * (yi - mean) ** 2 for wi, yi in zip(w, y))
    free = int(case["intercept"])
    sigma2 = rss / df
    se = [mp.sqrt(sigma2 * b_matrix[j][j]) for j in range(p)]
    t = [c / s for c, s in zip(coef, se)]
    q = t_quantile(df)
    f = (tss - rss) / (p - free) / sigma2
    loglik = (mp.fsum(mp.log(wi) for wi in w) - n * (mp.log(2 * mp.pi) + 1 + mp.log(rss / n))) / 2
    h = [wi * dot(r, times(b_matrix, r)) for wi, r in zip(w, x)]

    def robust(d):
        v = product(product(b_matrix, cross(x, d)), b_matrix)
        return [mp.sqrt(v[j][j]) for j in range(p)]

    square = [(wi * ei) ** 2 for wi, ei in zip(w, e)]
    out = {k: case[k] for k in ("id", "data", "y", "columns", "rows_used", "intercept", "weights") if k in case}
    out |= {"n": n, "p": p, "df_resid": df, "coef": coef, "rss": rss, "tss": tss, "r2": 1 - rss / tss}
    out |= {"adj_r2": 1 - sigma2 / (tss / (n - free)), "sigma": mp.sqrt(sigma2), "se": se, "t": t}
    out |= {"p_value": [t_tail(v, df) for v in t], "ci95": [[c - q * s, c + q * s] for c, s in zip(coef, se)]}
    out |= {"f": f, "f_df": [p - free, df], "f_p_value": f_tail(f, p - free, df), "loglik": loglik}
    out |= {"aic": 2 * (p + 1) - 2 * loglik, "bic": mp.log(n) * (p + 1) - 2 * loglik}
    out |= {"aic_without_sigma": 2 * p - 2 * loglik, "bic_without_sigma": mp.log(n) * p - 2 * loglik}
    out |= {"vcov": [[sigma2 * v for v in row] for row in b_matrix], "hc0_se": robust(square)}
    out |= {"hc1_se": robust([s * n / df for s in square]), "hc2_se": robust([s / (1 - hi) for s, hi in zip(square, h)])}
    out |= {"hc3_se": robust([s / (1 - hi) ** 2 for s, hi in zip(square, h)]), "influence": []}
    for i in (row["row"] if isinstance(row, dict) else row for row in case["influence"]):
        r = mp.sqrt(w[i]) * e[i] / mp.sqrt(sigma2 * (1 - h[i]))
        student = r * mp.sqrt((df - 1) / (df - r * r))
        influence = {"row": i, "fitted": fitted[i], "residual": e[i], "leverage": h[i], "standardized_residual": r}
        influence |= {"studentized_residual": student, "cooks_distance": r * r * h[i] / ((1 - h[i]) * p)}
        out["influence"].append(influence | {"dffits": student * mp.sqrt(h[i] / (1 - h[i]))})
    if case.get("durbin_watson"):
        out["durbin_watson"] = mp.fsum((b - a) ** 2 for a, b in zip(e, e[1:])) / rss
    if "predictions" in case:
        out["predictions"] = []
        for point in case["predictions"]:
            point = [mpf(str(v)) for v in (point["x"] if isinstance(point, dict) else point)]
            fit, leverage = dot(point, coef), dot(point, times(b_matrix, point))
            mean_se, new_se = mp.sqrt(sigma2 * leverage), mp.sqrt(sigma2 * (1 + leverage))
            out["predictions"].append({"x": point, "fit": fit, "se_fit": mean_se,
                "conf95": [fit - q * mean_se, fit + q * mean_se], "pred95": [fit - q * new_se, fit + q * new_se]})
    if case.get("vif"):
        # The diagonal of the inverse of the correlation matrix (weighted) of the features.
        total = mp.fsum(w)
        centred = [[v - dot(w, [r[j] for r in x]) / total for j, v in enumerate(row)][1:] for row in x]
        gram = cross(centred, w)
        out["vif"] = [a[j] * g[j] for j, (a, g) in enumerate(zip(inverse(gram), gram))]
    if case.get("breusch_pagan_koenker"):
        # As lmtest's bptest: the centred squares on X, also where X has no intercept.
        u = [v * v - mp.fsum(v * v for v in e) / n for v in e]
        b = times(inverse(cross(x)), [dot([r[j] for r in x], u) for j in range(p)])
        lm = n * mp.fsum(dot(r, b) ** 2 for r in x) / dot(u, u)
        out["breusch_pagan_koenker"] = {"lm": lm, "df": mpf(p - 1), "p_value": chi2_tail(lm, p - 1)}
    if case.get("jarque_bera_statsmodels"):
        m = [mp.fsum((v - mp.fsum(e) / n) ** k for v in e) / n for k in range(5)]
        skew, kurtosis = m[3] / m[2] ** mpf("1.5"), m[4] / m[2] ** 2
        jb = n / mpf(6) * (skew**2 + (kurtosis - 3) ** 2 / 4)
        out["jarque_bera_statsmodels"] = {"jb": jb, "p_value": mp.exp(-jb / 2), "skew": skew, "kurtosis": kurtosis}
    return out


def standardized(case):
    rows = read(case["data"], case["columns"] + [case["y"]])
    x, y = design(rows, case["columns"]), values(rows, case["y"])
    n = len(x)
    mean = [mp.fsum(column) / n for column in zip(*x)]
    sd = [mp.sqrt(mp.fsum((v - m) ** 2 for v in column) / n) for column, m in zip(zip(*x), mean)]
    x = [[(v - m) / s for v, m, s in zip(row, mean, sd)] for row in x]
    out = {key: case[key] for key in ("id", "data", "y", "columns")} | {"x_mean": mean, "x_sd": sd}
    return x, y, out


def ridge(case):
    x, y, out = standardized(case)
    n, p = len(x), len(x[0])
    gram, xy = cross(x), [mp.fsum(r[j] * v for r, v in zip(x, y)) for j in range(p)]
    mean, fits = mp.fsum(y) / n, []
    for alpha in (fit["alpha"] if isinstance(fit, dict) else fit for fit in case["fits"]):
        a = mpf(str(alpha))
        b = inverse([[v + a * (i == j) for j, v in enumerate(row)] for i, row in enumerate(gram)])
        coef = times(b, xy)
        e = [v - mean - dot(r, coef) for r, v in zip(x, y)]
        h = [mpf(1) / n + dot(r, times(b, r)) for r in x]
        rss, df = dot(e, e), mp.fsum(h)
        fits.append({"alpha": alpha, "intercept": mean, "coef": coef, "rss": rss,
            "objective": rss + a * dot(coef, coef), "effective_df": df, "gcv": rss / n / (1 - df / n) ** 2,
            "loocv_mse": mp.fsum((u / (1 - v)) ** 2 for u, v in zip(e, h)) / n})
    return out | {"fits": fits}


def lasso(case):
    import numpy
    from sklearn.linear_model import ElasticNet

    x, y, out = standardized(case)
    n, p = len(x), len(x[0])
    mean = mp.fsum(y) / n
    gram, xy = cross(x), [mp.fsum(r[j] * (v - mean) for r, v in zip(x, y)) for j in range(p)]
    floats = numpy.array(x, dtype=float), numpy.array(y, dtype=float)
    out["alpha_max_lasso"], out["fits"] = max(abs(v) for v in xy) / n, []
    for fit in case["fits"]:
        alpha, ratio = (fit["alpha"], fit["l1_ratio"]) if isinstance(fit, dict) else fit
        signs = numpy.sign(ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14, max_iter=10**7).fit(*floats).coef_)
        l1, l2 = mpf(str(alpha)) * mpf(str(ratio)), mpf(str(alpha)) * (1 - mpf(str(ratio)))
        active = [j for j in range(p) if signs[j]]
        a = [[gram[i][j] / n + l2 * (i == j) for j in active] for i in active]
        solved = times(inverse(a), [xy[j] / n - l1 * int(signs[j]) for j in active])
        coef = [mpf(0)] * p
        for j, v in zip(active, solved):
            coef[j] = v
        # What makes it the minimum: the slopes, and the signs that were taken from the software.
        for j in range(p):
            slope = (xy[j] - dot(gram[j], coef)) / n - l2 * coef[j]
            assert abs(slope) <= l1 * (1 + mpf(10) ** -60) and (not signs[j] or mp.sign(coef[j]) == int(signs[j])), j
        rss = mp.fsum((v - mean - dot(r, coef)) ** 2 for r, v in zip(x, y))
        size = l1 * mp.fsum(abs(c) for c in coef) + l2 / 2 * dot(coef, coef)
        out["fits"].append({"alpha": alpha, "l1_ratio": ratio, "intercept": mean, "coef": coef, "nonzero": len(active),
            "rss": rss, "objective": rss / (2 * n) + size})
    return out


MEANS = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
    "symmetry", "fractal_dimension"]
MEANS = [f"mean_{name}" for name in MEANS]
FULL = {"vif": True, "breusch_pagan_koenker": True, "jarque_bera_statsmodels": True}
OLS = [
    {"id": "iris_petal_width", "data": "iris.csv", "y": "petal_width", "columns": ["intercept", "petal_length",
        "sepal_width"], "intercept": True, "influence": [0, 118, 135, 149], "durbin_watson": True,
        "predictions": [[1, 1.5, 3.5], [1, 4.5, 3], [1, 8, 2]]} | FULL,
    {"id": "stackloss_quadratic_interaction", "data": "stackloss.csv", "y": "stackloss", "columns": ["intercept",
        "airflow", "airflow^2", "watertemp", "airflow*watertemp"], "intercept": True, "influence": [0, 1, 20],
        "predictions": [[1, 60, 3600, 20, 1200], [1, 75, 5625, 26, 1950], [1, 55, 3025, 18, 990]]} | FULL,
    {"id": "iris_no_intercept", "data": "iris.csv", "y": "petal_width", "columns": ["petal_length", "sepal_length"],
        "intercept": False, "influence": [0, 118], "predictions": [[1.5, 5], [4.5, 6], [6.5, 5]],
        "breusch_pagan_koenker": True, "jarque_bera_statsmodels": True},
    {"id": "penguins_bill_complete_rows", "data": "penguins.csv", "y": "bill_length_mm", "columns": ["intercept",
        "bill_depth_mm", "flipper_length_mm", "body_mass_g"], "intercept": True, "rows_used": "rows with no missing "
        "value in bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g", "influence": [0, 292, 341],
        "durbin_watson": True, "predictions": [[1, 18, 190, 3500], [1, 15, 220, 5200], [1, 21, 180, 3000]]} | FULL,
    {"id": "breast_cancer_mean10", "data": "breast_cancer.csv", "y": "worst_radius", "columns": ["intercept"] + MEANS,
        "intercept": True, "influence": [0, 461, 568], "predictions": [
            [1, 14, 19, 92, 650, 0.1, 0.1, 0.09, 0.05, 0.18, 0.06],
            [1, 20, 22, 130, 1300, 0.1, 0.15, 0.15, 0.1, 0.2, 0.06],
            [1, 10, 15, 60, 300, 0.09, 0.06, 0.03, 0.02, 0.16, 0.065]]} | FULL,
]
PATHS = [
    {"id": "breast_cancer_mean10", "data": "breast_cancer.csv", "y": "worst_radius", "columns": MEANS},
    {"id": "longley", "data": "nist/longley.csv", "y": "y", "columns": ["x1", "x2", "x3", "x4", "x5", "x6"]},
]
RIDGE = [[0.01, 1.0, 10.0, 100.0, 10000.0], [0.001, 0.1, 1.0, 10.0, 1000.0]]
LASSO = [
    [[0.001, 1.0], [0.01, 1.0], [0.1, 1.0], [0.5, 1.0], [2.0, 1.0], [0.01, 0.5], [0.1, 0.5], [1.0, 0.5], [0.1, 0.1]],
    [[1.0, 1.0], [10.0, 1.0], [100.0, 1.0], [500.0, 1.0], [2000.0, 1.0], [1.0, 0.5], [10.0, 0.5], [100.0, 0.5]],
]
# Cases of the files on data that may not be copied.
GONE = ["mtcars_wt_hp", "mtcars_quadratic_interaction", "mtcars_no_intercept", "airquality_complete_rows",
    "diabetes_all", "diabetes"]

if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check("ols.json", ols)
        check("ridge.json", ridge)
        check("lasso_elastic_net.json", lasso)
    else:
        put("ols.json", map(ols, OLS), GONE)
        put("ridge.json", [ridge(case | {"fits": fits}) for case, fits in zip(PATHS, RIDGE)], GONE)
        put("lasso_elastic_net.json", [lasso(case | {"fits": fits}) for case, fits in zip(PATHS, LASSO)], GONE)
