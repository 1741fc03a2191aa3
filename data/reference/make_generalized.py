"""Generalized linear models and penalized logistic regression: makes the cases on free data of glm.json and
logistic_l2.json.

`python make_generalized.py` writes them; `python make_generalized.py check` makes every case of the two files again, also
those that other software was held against, and prints the differences. Needs mpmath.
"""

import csv
import sys

from exact import *


class Binomial:
    def variance(mu):
        return mu * (1 - mu)

    def deviance(y, mu):
        part = lambda a, b: a * mp.log(a / b) if a else mpf(0)
        return 2 * (part(y, mu) + part(1 - y, 1 - mu))

    def likelihood(y, mu, w, _):
        k = w * y
        choose = mp.loggamma(w + 1) - mp.loggamma(k + 1) - mp.loggamma(w - k + 1)
        part = lambda a, b: a * mp.log(b) if a else mpf(0)
        return choose + part(k, mu) + part(w - k, 1 - mu)

    def start(y, w):
        return (w * y + mpf("0.5")) / (w + 1)


class Poisson:
    def variance(mu):
        return mu

    def deviance(y, mu):
        return 2 * ((y * mp.log(y / mu) if y else mpf(0)) - (y - mu))

    def likelihood(y, mu, w, _):
        return y * mp.log(mu) - mu - mp.loggamma(y + 1)

    def start(y, w):
        return y + mpf("0.1")


class Gamma:
    def variance(mu):
        return mu * mu

    def deviance(y, mu):
        return 2 * ((y - mu) / mu - mp.log(y / mu))

    def likelihood(y, mu, w, dispersion):
        shape = 1 / dispersion
        return shape * mp.log(shape * y / mu) - shape * y / mu - mp.log(y) - mp.loggamma(shape)

    def start(y, w):
        return y


FAMILIES = {"binomial": Binomial, "poisson": Poisson, "gamma": Gamma}
# The link, its inverse, and the derivative of the inverse.
LINKS = {
    "logit": (lambda m: mp.log(m / (1 - m)), lambda z: 1 / (1 + mp.exp(-z)), lambda z: 1 / (2 + mp.exp(z) + mp.exp(-z))),
    "probit": (lambda m: mp.sqrt(2) * mp.erfinv(2 * m - 1), lambda z: mp.erfc(-z / mp.sqrt(2)) / 2,
        lambda z: mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)),
    "log": (mp.log, mp.exp, mp.exp),
    "inverse": (lambda m: 1 / m, lambda z: 1 / z, lambda z: -1 / z**2),
}


def scoring(x, y, w, offset, family, link):
    """Fisher scoring until nothing moves: coefficients, means, and the inverse information at dispersion 1."""
    forth, back, slope = LINKS[link]
    z, beta = [forth(family.start(v, u)) for v, u in zip(y, w)], None
    for _ in range(300):
        mu = [back(v) for v in z]
        d = [slope(v) for v in z]
        weight = [u * dv * dv / family.variance(m) for u, dv, m in zip(w, d, mu)]
        work = [v - o + (t - m) / dv for v, o, t, m, dv in zip(z, offset, y, mu, d)]
        b = inverse(cross(x, weight))
        new = times(b, [mp.fsum(u * r[j] * v for u, r, v in zip(weight, x, work)) for j in range(len(x[0]))])
        if beta and max(abs(u - v) for u, v in zip(new, beta)) < mpf(10) ** -60 * max(abs(v) for v in new):
            return new, mu, b
        beta = new
        z = [dot(r, beta) + o for r, o in zip(x, offset)]
    raise ArithmeticError("no convergence")


def glm(case):
    needed = case["rows_used"].rsplit(" in ")[-1].split(", ") if "rows_used" in case else []
    rows = read(case["data"], needed)
    x, y = design(rows, case["columns"]), values(rows, case["y"])
    n, p, family = len(x), len(x[0]), FAMILIES[case["family"]]
    w = values(rows, "total") if "weights" in case else [mpf(1)] * n
    offset = values(rows, case["offset"]) if "offset" in case else [mpf(0)] * n
    coef, mu, b = scoring(x, y, w, offset, family, case["link"])
    deviance = [u * family.deviance(v, m) for v, m, u in zip(y, mu, w)]
    pearson = [mp.sqrt(u) * (v - m) / mp.sqrt(family.variance(m)) for v, m, u in zip(y, mu, w)]
    total, gamma = mp.fsum(deviance), family is Gamma
    dispersion = dot(pearson, pearson) / (n - p) if gamma else mpf(1)
    se = [mp.sqrt(dispersion * b[j][j]) for j in range(p)]
    z = [c / s for c, s in zip(coef, se)]
    loglik = mp.fsum(family.likelihood(v, m, u, total / n) for v, m, u in zip(y, mu, w))
    keys = ("id", "data", "y", "columns", "rows_used", "family", "link", "weights", "offset")
    out = {k: case[k] for k in keys if k in case} | {"n": n, "p": p, "coef": coef, "deviance": total}
    out |= {"df_resid": n - p, "pearson_chi2": dot(pearson, pearson), "dispersion": dispersion, "se": se}
    out |= {"vcov": [[dispersion * v for v in row] for row in b], "t" if gamma else "z": z}
    out["p_value"] = [t_tail(v, n - p) if gamma else normal_tail(v) for v in z]
    if not gamma:
        out["wald_ci95"] = [[c - Z95 * s, c + Z95 * s] for c, s in zip(coef, se)]
    count = p + gamma
    out |= {"loglik": loglik, "aic": 2 * count - 2 * loglik, "bic": mp.log(n) * count - 2 * loglik}
    out["fitted_first5"] = mu[:5]
    out["deviance_residuals_first5"] = [mp.sign(v - m) * mp.sqrt(d) for v, m, d in zip(y, mu, deviance)][:5]
    out["pearson_residuals_first5"] = pearson[:5]
    _, null, _ = scoring([[mpf(1)]] * n, y, w, offset, family, case["link"])
    out["null_deviance"] = mp.fsum(u * family.deviance(v, m) for v, m, u in zip(y, null, w))
    out["df_null"] = n - 1
    if not gamma:
        chi2 = out["null_deviance"] - total
        out["lr_test_vs_null"] = {"chi2": chi2, "df": p - 1, "p_value": chi2_tail(chi2, p - 1)}
    return out


def penalized(case):
    """The minimum of 1/2 sum b^2 + C sum log-loss by Newton's method."""
    with mp.workdps(40):
        names = [*case["columns"], case["y"].split(" == ")[0]]
        rows = read(case["data"], names)
        x, y = design(rows, case["columns"]), values(rows, case["y"])
        n, p = len(x), len(x[0])
        mean = [mp.fsum(column) / n for column in zip(*x)]
        sd = [mp.sqrt(mp.fsum((v - m) ** 2 for v in column) / n) for column, m in zip(zip(*x), mean)]
        x = [[mpf(1)] + [(v - m) / s for v, m, s in zip(row, mean, sd)] for row in x]
        out = {key: case[key] for key in ("id", "data", "y", "columns", "rows_used") if key in case}
        out |= {"x_mean": mean, "x_sd": sd, "fits": []}
        beta = [mpf(0)] * (p + 1)
        for c in (fit["C"] if isinstance(fit, dict) else fit for fit in case["fits"]):
            factor = mpf(str(c))

            def value(beta):
                z = [dot(r, beta) for r in x]
                loss = mp.fsum(mp.log(1 + mp.exp(v)) - t * v for v, t in zip(z, y))
                return loss, dot(beta[1:], beta[1:]) / 2 + factor * loss

            for _ in range(100):
                q = [1 / (1 + mp.exp(-dot(r, beta))) for r in x]
                ridge = [mpf(0)] + [mpf(1)] * p
                gradient = [d * v for d, v in zip(ridge, beta)]
                for r, v, t in zip(x, q, y):
                    gradient = [g + factor * (v - t) * u for g, u in zip(gradient, r)]
                hessian = cross(x, [factor * v * (1 - v) for v in q])
                for j in range(p + 1):
                    hessian[j][j] += ridge[j]
                step = times(inverse(hessian), gradient)
                size = mpf(1)
                while value([b - size * s for b, s in zip(beta, step)])[1] > value(beta)[1] + mpf(10) ** -35:
                    size /= 2
                beta = [b - size * s for b, s in zip(beta, step)]
                if max(map(abs, step)) < mpf(10) ** -30:
                    break
            loss, objective = value(beta)
            q = [1 / (1 + mp.exp(-dot(r, beta))) for r in x]
            out["fits"].append({"C": c, "intercept": beta[0], "coef": beta[1:], "logloss_sum": loss,
                "objective": objective, "prob_first5": q[:5]})
        return out


def groups():
    """anes96_groups.csv: votes of each party identification and level of education, from anes96.csv."""
    count = {}
    for row in read("anes96.csv"):
        cell = count.setdefault((int(row["pid"]), int(row["educ"])), [0, 0])
        cell[0] += int(row["vote"])
        cell[1] += 1
    with open(DATA / "anes96_groups.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["pid", "educ", "votes", "total"])
        out.writerows([*key, *cell] for key, cell in sorted(count.items()))


TRIALS = "total (number of trials; y is the share of successes)"
BILLS = "rows with no missing value in sex, bill_length_mm, bill_depth_mm"
GLM = [
    {"id": "iris_virginica_logit", "data": "iris.csv", "y": 'species == "virginica"', "family": "binomial",
        "link": "logit", "columns": ["intercept", "sepal_length", "sepal_width"]},
    {"id": "penguins_sex_one_logit", "data": "penguins.csv", "y": 'sex == "male"',
        "rows_used": "rows with no missing value in sex, bill_depth_mm", "family": "binomial", "link": "logit",
        "columns": ["intercept", "bill_depth_mm"]},
    {"id": "penguins_sex_probit", "data": "penguins.csv", "y": 'sex == "male"', "rows_used": BILLS,
        "family": "binomial", "link": "probit", "columns": ["intercept", "bill_length_mm", "bill_depth_mm"]},
    {"id": "anes96_groups_logit", "data": "anes96_groups.csv", "y": "votes/total", "weights": TRIALS,
        "family": "binomial", "link": "logit", "columns": ["intercept", "pid", "educ"]},
    {"id": "anes96_tvnews_poisson", "data": "anes96.csv", "y": "tvnews", "family": "poisson", "link": "log",
        "columns": ["intercept", "age", "educ", "income"]},
    {"id": "anes96_tvnews_by_educ_poisson", "data": "anes96.csv", "y": "tvnews", "family": "poisson", "link": "log",
        "columns": ["intercept"] + [f"educ={level}" for level in range(2, 8)]},
    {"id": "anes96_groups_poisson_offset", "data": "anes96_groups.csv", "y": "votes", "family": "poisson",
        "link": "log", "offset": "log(total)", "columns": ["intercept"] + [f"pid={level}" for level in range(1, 7)]},
    {"id": "strikes_gamma_inverse", "data": "strikes.csv", "y": "duration", "family": "gamma", "link": "inverse",
        "columns": ["intercept", "iprod"]},
    {"id": "engel_gamma_log", "data": "engel.csv", "y": "foodexp", "family": "gamma", "link": "log",
        "columns": ["intercept", "log(income)"]},
]
GONE = ["mtcars_am_logit", "mtcars_am_probit", "budworm_logit_grouped", "warpbreaks_poisson", "insect_sprays_poisson",
    "insurance_poisson_offset", "clotting_lot1_gamma_inverse", "clotting_lot2_gamma_log"]
L2 = [
    {"id": "penguins_sex", "data": "penguins.csv", "y": 'sex == "male"', "rows_used": BILLS + ", body_mass_g",
        "columns": ["bill_length_mm", "bill_depth_mm", "body_mass_g"], "fits": [0.1, 1.0, 100.0]},
    {"id": "iris_virginica", "data": "iris.csv", "y": 'species == "virginica"',
        "columns": ["sepal_width", "petal_length", "petal_width"], "fits": [0.1, 1.0, 100.0]},
]

if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        check("glm.json", glm)
        check("logistic_l2.json", penalized)
    else:
        groups()
        put("glm.json", map(glm, GLM), GONE)
        put("logistic_l2.json", map(penalized, L2), ["mtcars_am"])
